# SPDX-License-Identifier: Apache-2.0
"""The short version of ``make chaos``: one seed, a fault of each sort, the whole verdict.

It fails when a safeguard of delivery is gone: the commit after the effect, the deduplication in its
transaction, the replay of the outbox, the pause while a server is down, the confirmed dead letter.
"""

from pathlib import Path

import pytest
from rich.console import Console

from shared.settings import KafkaSettings
from tests.support.chaos.fleet import FleetOptions
from tests.support.chaos.plan import SERVICES, short_plan
from tests.support.chaos.report import print_outcomes, print_verdict
from tests.support.chaos.run import run

pytestmark = [pytest.mark.connected, pytest.mark.slow, pytest.mark.timeout(1800)]

SEED = 7
TWICE = ("orchestrator", "persistence")
"""The services with two replicas here; ``make chaos`` has two of each."""


async def test_nothing_is_lost_or_doubled_while_things_break(
    tmp_path: Path, kafka: KafkaSettings | None
) -> None:
    options = FleetOptions(
        directory=tmp_path,
        replicas={service: 2 if service in TWICE else 1 for service in SERVICES},
        kafka=kafka,
    )

    result = await run(options, short_plan(SEED), seed=SEED, say=lambda _: None)

    print_outcomes(result.outcomes, console := Console())
    print_verdict(result.verdict, console)
    assert result.verdict.problems == []
