# SPDX-License-Identifier: Apache-2.0
from collections.abc import Sequence

import pytest

from shared.messaging import KafkaEventBus
from shared.messaging.topics_admin import ensure_topics
from shared.settings import KafkaSettings
from tests.contract.event_bus import QUICK, BusUnderTest, EventBusContract, Letter
from tests.support.eventually import eventually
from tests.support.topic_reader import records_of

pytestmark = pytest.mark.connected


class KafkaUnderTest(BusUnderTest):
    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings
        self.kafka = KafkaEventBus(settings, service="audit", version="1.0", retry=QUICK)
        self.bus = self.kafka

    async def ready(self) -> None:
        await eventually(lambda: self.kafka.subscriber.joined, timeout=40)

    def paused(self) -> bool:
        return self.kafka.pause.reason is not None

    async def dead_letters(self) -> Sequence[Letter]:
        return await records_of(self._settings, self.kafka.topics.dead_letters)


class TestKafkaEventBus(EventBusContract):
    @pytest.fixture
    async def subject(self, kafka_settings: KafkaSettings) -> BusUnderTest:
        await ensure_topics(kafka_settings)
        return KafkaUnderTest(kafka_settings)
