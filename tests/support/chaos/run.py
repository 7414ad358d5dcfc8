# SPDX-License-Identifier: Apache-2.0
"""One run: a system, load on it, a plan of faults, and the verdict."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tests.support.chaos.fleet import FleetOptions, running_fleet
from tests.support.chaos.load import Load
from tests.support.chaos.plan import Fault
from tests.support.chaos.processes import left_behind
from tests.support.chaos.saboteur import Outcome, Saboteur
from tests.support.chaos.verdict import Verdict, judge


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of a run."""

    verdict: Verdict
    outcomes: Sequence[Outcome] = field(default_factory=tuple[Outcome, ...])


async def run(
    options: FleetOptions, plan: Sequence[Fault], *, seed: int, say: Callable[[str], None]
) -> Result:
    """Start a system, carry out the plan while clients talk to it, and judge what came of it."""
    async with running_fleet(options) as fleet:
        load = Load([each.url for each in fleet.of("orchestrator")], seed=seed)
        saboteur = Saboteur(fleet, load, seed, say)
        load.start()
        try:
            await saboteur.carry_out(plan)
            say("waiting for everything to settle")
            await load.finish()
        finally:
            await load.cancel()
        verdict = await judge(fleet, load, saboteur)
        verdict.counted["requests repeated by clients"] = load.repeated
        pids = [pid for each in fleet.replicas.values() for pid in each.pids]
    verdict.expect("processes left behind", len(left_behind(pids)), 0)
    return Result(verdict=verdict, outcomes=saboteur.outcomes)
