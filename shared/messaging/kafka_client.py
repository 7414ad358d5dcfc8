# SPDX-License-Identifier: Apache-2.0
"""How to reach Kafka: settings in the words of the client library, and its failures named."""

import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from aiokafka.errors import (
    KafkaConnectionError,
    KafkaError,
    KafkaTimeoutError,
    MessageSizeTooLargeError,
    RecordListTooLargeError,
    SaslAuthenticationFailed,
)

from shared.errors import ConfigurationError, DependencyDownError, PermanentError
from shared.settings import KafkaSettings

NAME = "Kafka"


def connection_arguments(settings: KafkaSettings) -> dict[str, Any]:
    """Return the arguments that producers, consumers and admin clients share."""
    arguments: dict[str, Any] = {
        "bootstrap_servers": settings.bootstrap_servers.split(","),
        "security_protocol": settings.security_protocol,
    }
    if settings.security_protocol.endswith("SSL"):
        arguments["ssl_context"] = ssl.create_default_context(cafile=settings.ssl_cafile)
    if settings.security_protocol.startswith("SASL"):
        if not (settings.sasl_username and settings.sasl_password):
            raise ConfigurationError("KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD have to be set")
        arguments |= {
            "sasl_mechanism": settings.sasl_mechanism,
            "sasl_plain_username": settings.sasl_username,
            "sasl_plain_password": settings.sasl_password.get_secret_value(),
        }
    return arguments


@asynccontextmanager
async def kafka_errors(settings: KafkaSettings) -> AsyncGenerator[None]:
    """Raise what the client reports as an error named for what to do about it.

    Raises:
        DependencyDownError: the broker cannot be reached or does not confirm.
        PermanentError: the record is too large for the broker.
    """
    try:
        yield
    except SaslAuthenticationFailed as error:
        raise ConfigurationError("Kafka refused the user or password of KAFKA_SASL_*") from error
    except (MessageSizeTooLargeError, RecordListTooLargeError) as error:
        raise PermanentError(f"Kafka refused the record: {error}") from error
    except (KafkaConnectionError, KafkaTimeoutError) as error:
        where = f"nothing answers at {settings.bootstrap_servers} (KAFKA_BOOTSTRAP_SERVERS)"
        raise DependencyDownError(NAME, f"{where}: {error}") from error
    except TimeoutError as error:
        raise DependencyDownError(NAME, str(error) or "it did not answer in time") from error
    except (KafkaError, OSError) as error:
        raise DependencyDownError(NAME, str(error) or type(error).__name__) from error
