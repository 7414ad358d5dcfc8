# SPDX-License-Identifier: Apache-2.0
"""The databases are down; ``make chaos OUTAGE=600`` does the same for ten minutes.

It fails when a server that is down counts as a failure of the record (then there are dead letters),
when the pause has no pause in it, or when the process gives up.
"""

from pathlib import Path

import pytest

from shared.settings import KafkaSettings
from tests.support.chaos.fleet import FleetOptions, running_fleet
from tests.support.chaos.outage import CONSUMERS, survive_outage

pytestmark = [pytest.mark.connected, pytest.mark.slow, pytest.mark.timeout(1800)]

KNOCKS = 3


async def test_consumers_wait_for_their_databases_and_go_on_by_themselves(
    tmp_path: Path, kafka: KafkaSettings | None
) -> None:
    options = FleetOptions(directory=tmp_path, replicas=dict.fromkeys(CONSUMERS, 1), kafka=kafka)
    async with running_fleet(options) as fleet:
        report = await survive_outage(fleet, seconds=0, knocks=KNOCKS)

    assert report.problems == []
    assert report.dead_letters == 0
    assert all(knocks >= KNOCKS for knocks in report.knocks.values())
