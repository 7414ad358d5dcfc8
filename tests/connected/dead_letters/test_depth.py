# SPDX-License-Identifier: Apache-2.0
from datetime import timedelta

import pytest
from opentelemetry.metrics import NoOpMeterProvider

from services.dead_letters.depth import DepthGauge
from services.dead_letters.views import DiscardRequest
from shared.messaging import Record
from shared.telemetry import Instruments
from tests.support.dead_letter_records import TOPIC, failed, source_record
from tests.support.desk import TestDesk
from tests.support.eventually import eventually

pytestmark = pytest.mark.connected

OFTEN = timedelta(milliseconds=20)
METRICS = "agent-runtime.metrics"


async def test_the_figures_follow_the_letters(desk: TestDesk) -> None:
    instruments = Instruments(NoOpMeterProvider().get_meter("test"))
    gauge = DepthGauge(desk.database, instruments, every=OFTEN)
    await desk.keep(failed(source_record(offset=1)), failed(source_record(offset=2)))
    await desk.keep(Record(TOPIC, 0, 9, 0, None, b"", ()))

    def depth(group: str, state: str) -> float | None:
        return instruments.dlq_depth.value({"group": group, "state": state})

    await gauge.start()
    try:
        await eventually(lambda: depth(METRICS, "open") == 2)
        assert depth("unknown", "open") == 1
        assert instruments.dlq_fingerprints.value({"group": METRICS}) == 1
        letter, *_ = await desk.letters()
        await desk.desk.discard(letter.id, DiscardRequest(operator="ada", reason="gone"))
        await eventually(lambda: depth(METRICS, "discarded") == 1)
        assert depth(METRICS, "open") == 1
    finally:
        await gauge.stop()
