# SPDX-License-Identifier: Apache-2.0
"""How to reach Kafka: settings in the words of the client library, and its failures named."""

import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, cast

from aiokafka import conn as client_connection
from aiokafka.errors import (
    KafkaConnectionError,
    KafkaError,
    KafkaTimeoutError,
    MessageSizeTooLargeError,
    RecordListTooLargeError,
    SaslAuthenticationFailed,
)

from shared.errors import ConfigurationError, DependencyDownError, RecordTooLargeError
from shared.settings import KafkaSettings

NAME = "Kafka"
WRONG_USER = "Kafka refused the user or password of KAFKA_SASL_*"
EXPLANATION_TIMEOUT_MS = 3000


def connection_arguments(settings: KafkaSettings) -> dict[str, Any]:
    """Return the arguments that producers, consumers and admin clients share."""
    arguments: dict[str, Any] = {
        "bootstrap_servers": settings.bootstrap_servers.split(","),
        "security_protocol": settings.security_protocol,
    }
    if settings.security_protocol.endswith("SSL"):
        arguments["ssl_context"] = _ssl_context(settings)
    if settings.security_protocol.startswith("SASL"):
        if not (settings.sasl_username and settings.sasl_password):
            raise ConfigurationError("KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD have to be set")
        arguments |= {
            "sasl_mechanism": settings.sasl_mechanism,
            "sasl_plain_username": settings.sasl_username,
            "sasl_plain_password": settings.sasl_password.get_secret_value(),
        }
    return arguments


def _ssl_context(settings: KafkaSettings) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=settings.ssl_cafile)
    except OSError as error:
        message = f"KAFKA_SSL_CAFILE {settings.ssl_cafile} cannot be used: {error}"
        raise ConfigurationError(message) from error


@asynccontextmanager
async def kafka_errors(settings: KafkaSettings) -> AsyncGenerator[None]:
    """Raise what the client reports as an error named for what to do about it.

    Raises:
        DependencyDownError: the broker cannot be reached or does not confirm.
        RecordTooLargeError: the record is too large for the broker.
        ConfigurationError: the broker refuses us, or we do not trust it.
    """
    try:
        yield
    except SaslAuthenticationFailed as error:
        raise ConfigurationError(WRONG_USER) from error
    except (MessageSizeTooLargeError, RecordListTooLargeError) as error:
        raise RecordTooLargeError(f"Kafka refused the record: {error}") from error
    except (KafkaConnectionError, KafkaTimeoutError) as error:
        await _explain(settings)
        where = f"nothing answers at {settings.bootstrap_servers} (KAFKA_BOOTSTRAP_SERVERS)"
        raise DependencyDownError(NAME, f"{where}: {error}") from error
    except TimeoutError as error:
        raise DependencyDownError(NAME, str(error) or "it did not answer in time") from error
    except (KafkaError, OSError) as error:
        raise DependencyDownError(NAME, str(error) or type(error).__name__) from error


async def _explain(settings: KafkaSettings) -> None:
    """Connect once more by hand, for the client does not say why nobody could be connected to.

    Raises:
        ConfigurationError: it is us who have to be set up otherwise.
    """
    if settings.security_protocol == "PLAINTEXT":
        return
    arguments = connection_arguments(settings)
    host, _, port = arguments.pop("bootstrap_servers")[0].rpartition(":")
    try:
        untyped = cast("Any", client_connection)
        connection = await untyped.create_conn(
            host, int(port), request_timeout_ms=EXPLANATION_TIMEOUT_MS, **arguments
        )
    except SaslAuthenticationFailed as error:
        raise ConfigurationError(WRONG_USER) from error
    except ssl.SSLCertVerificationError as error:
        reason = f"the certificate of Kafka is not vouched for by KAFKA_SSL_CAFILE: {error.reason}"
        raise ConfigurationError(reason) from error
    except (KafkaError, OSError, TimeoutError):
        return
    connection.close()
