# SPDX-License-Identifier: Apache-2.0
"""Users with passwords, and encrypted connections: by settings, the same for every client."""

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from pydantic import SecretStr

from shared.errors import AgentRuntimeError, ConfigurationError, DependencyDownError
from shared.events import Event, MessageReceived, Topics
from shared.messaging import KafkaEventBus
from shared.messaging.producer import KafkaProducer
from shared.messaging.replay import read_topics
from shared.messaging.topics_admin import ensure_topics
from shared.settings import KafkaSettings
from tests.support.eventually import eventually
from tests.support.factories import an_event
from tests.support.kafka.broker import ApacheKafka, running_kafka
from tests.support.kafka.certificates import Certificate, self_signed
from tests.support.kafka.programs import kafka_programs
from tests.support.kafka.topics_of_test import new_prefix
from tests.support.kafka_bus import running

pytestmark = [pytest.mark.connected, pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

USER, PASSWORD = "agent-runtime", "a password of tests"
LOGIN = "org.apache.kafka.common.security.scram.ScramLoginModule required;"
SCRAM = {"sasl.enabled.mechanisms": "SCRAM-SHA-512", "scram-sha-512.sasl.jaas.config": LOGIN}


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("kafka") / "node"


@pytest.fixture(scope="module")
def certificate(node: Path) -> Certificate:
    return self_signed(node)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def own_kafka(node: Path, certificate: Certificate) -> AsyncGenerator[ApacheKafka]:
    """A broker with a listener for each kind of connection."""
    tls = {"ssl.keystore.type": "PEM", "ssl.keystore.location": str(certificate.keystore)}
    listeners = {"SASL_PLAINTEXT": SCRAM, "SSL": tls, "SASL_SSL": {**SCRAM, **tls}}
    programs = await kafka_programs()
    broker = ApacheKafka(node, programs, listeners=listeners, scram={USER: PASSWORD})
    async with running_kafka(broker):
        yield broker


def settings_for(
    broker: ApacheKafka, protocol: str, certificate: Certificate, **changes: Any
) -> KafkaSettings:
    fields: dict[str, Any] = {
        "bootstrap_servers": broker.address(protocol),
        "topic_prefix": new_prefix(),
        "security_protocol": protocol,
        "ssl_cafile": str(certificate.authority),
        "sasl_username": USER,
        "sasl_password": SecretStr(PASSWORD),
    }
    return KafkaSettings(**{**fields, **changes})


@pytest.mark.parametrize("protocol", ["SASL_PLAINTEXT", "SSL", "SASL_SSL"])
async def test_topics_bus_and_replay_work_over_every_kind_of_connection(
    own_kafka: ApacheKafka, certificate: Certificate, protocol: str
) -> None:
    settings = settings_for(own_kafka, protocol, certificate)
    handled: list[Event] = []
    bus = KafkaEventBus(settings, service="audit", version="1.0")

    async def keep(event: Event) -> None:
        await note(handled, event)

    bus.subscribe(handler=keep)
    event = an_event(MessageReceived).recorded(sequence=1, source="/test")

    await ensure_topics(settings)
    async with running(bus):
        await bus.publish(event)
        await eventually(lambda: handled, timeout=30)
    domain = Topics(settings.topic_prefix).domain
    records = [each async for each in read_topics(settings, [domain])]

    assert handled == [event]
    assert len(records) == 1


async def note(handled: list[Event], event: Event) -> None:
    handled.append(event)


async def test_a_wrong_password_is_said_to_be_one(
    own_kafka: ApacheKafka, certificate: Certificate
) -> None:
    wrong = SecretStr("another")
    settings = settings_for(own_kafka, "SASL_PLAINTEXT", certificate, sasl_password=wrong)

    assert "KAFKA_SASL_" in await refusal(settings, ConfigurationError)


async def test_a_certificate_that_nobody_vouches_for_is_not_taken(
    own_kafka: ApacheKafka, certificate: Certificate
) -> None:
    settings = settings_for(own_kafka, "SSL", certificate, ssl_cafile=None)

    assert "KAFKA_SSL_CAFILE" in await refusal(settings, ConfigurationError)


@pytest.mark.parametrize("content", [None, "no certificate"])
async def test_a_file_of_authorities_that_cannot_be_used_is_said(
    content: str | None, tmp_path: Path
) -> None:
    file = tmp_path / "authority.pem"
    if content:
        file.write_text(content)
    settings = KafkaSettings(security_protocol="SSL", ssl_cafile=str(file))

    assert f"KAFKA_SSL_CAFILE {file}" in await refusal(settings, ConfigurationError)


async def test_a_client_without_tls_does_not_get_through(
    own_kafka: ApacheKafka, certificate: Certificate
) -> None:
    settings = settings_for(own_kafka, "SSL", certificate, security_protocol="PLAINTEXT")

    assert "KAFKA_BOOTSTRAP_SERVERS" in await refusal(settings, DependencyDownError)


async def refusal(settings: KafkaSettings, kind: type[AgentRuntimeError]) -> str:
    """Return what admin client and producer both say."""
    with pytest.raises(kind) as by_admin:
        await ensure_topics(settings)
    with pytest.raises(kind) as by_producer:
        await KafkaProducer(settings, client_id="test").start()
    assert str(by_admin.value) == str(by_producer.value)
    return str(by_admin.value)
