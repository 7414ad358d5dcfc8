# SPDX-License-Identifier: Apache-2.0
"""``python -m tests.support.chaos``: run seeds one after the other and print what came of each."""

import asyncio
import os
import shutil
import sys
import tempfile
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from deploy.embedded.interrupts import interruptible
from deploy.embedded.progress import ConsoleProgress
from shared.errors import AgentRuntimeError
from shared.settings import KafkaSettings
from tests.support.chaos.fleet import FleetOptions, running_fleet
from tests.support.chaos.outage import CONSUMERS, survive_outage
from tests.support.chaos.plan import full_plan, short_plan
from tests.support.chaos.report import print_outage, print_outcomes, print_problems, print_verdict
from tests.support.chaos.run import Result, run
from tests.support.chaos.verdict import Verdict
from tests.support.kafka.broker import plain_kafka, running_kafka
from tests.support.kafka.topics_of_test import new_prefix


def main(
    seeds: Annotated[int, typer.Option(help="how many seeds to run, from 1 on")] = 1,
    seed: Annotated[int | None, typer.Option(help="the one seed to run")] = None,
    kafka: Annotated[bool, typer.Option(help="on Apache Kafka, started for it")] = False,
    short: Annotated[bool, typer.Option(help="the short plan of `make test`")] = False,
    outage: Annotated[
        float | None, typer.Option(help="only stop the databases, for so many seconds")
    ] = None,
    keep: Annotated[Path, typer.Option(help="where the logs of a failed run go")] = Path(
        ".agent-runtime/chaos"
    ),
) -> None:
    """Break the whole system by a plan, and check from outside that nothing is lost or doubled.

    A seed takes some minutes; any three seeds in a row have every kind of fault there is.
    """
    chosen = list(range(1, seeds + 1)) if seed is None else [seed]
    work = (
        _run_seeds(chosen, kafka=kafka, short=short, keep=keep)
        if outage is None
        else _run_outage(outage, kafka=kafka)
    )
    try:
        sys.exit(asyncio.run(interruptible(lambda _: work)))
    except AgentRuntimeError as error:
        sys.exit(str(error))


async def _run_outage(seconds: float, *, kafka: bool) -> int:
    console = Console()
    console.print(f"the databases will be down for {seconds:g} s", highlight=False)
    with tempfile.TemporaryDirectory(prefix="agent-runtime-outage-") as name:
        async with _options(Path(name), kafka=kafka) as options:
            alone = replace(options, replicas=dict.fromkeys(CONSUMERS, 1))
            async with running_fleet(alone) as fleet:
                report = await survive_outage(fleet, seconds=seconds, knocks=5)
    print_outage(report, console)
    print_problems(report.problems, console)
    return 1 if report.problems else 0


async def _run_seeds(seeds: list[int], *, kafka: bool, short: bool, keep: Path) -> int:
    console = Console()
    failed = [
        seed
        for seed in seeds
        if not await _run_seed(seed, console, kafka=kafka, short=short, keep=keep)
    ]
    passed = len(seeds) - len(failed)
    console.print(f"{passed} of {len(seeds)} seeds passed", style="green" if not failed else "red")
    if failed:
        again = " ".join(f"SEED={seed}" for seed in failed)
        console.print(f"to repeat one: make chaos {again}")
    return 1 if failed else 0


async def _run_seed(seed: int, console: Console, *, kafka: bool, short: bool, keep: Path) -> bool:
    load, began = os.getloadavg()[0], time.monotonic()
    console.print(f"[bold]seed {seed}[/], load {load:.1f}", highlight=False)
    plan = short_plan(seed) if short else full_plan(seed)
    with tempfile.TemporaryDirectory(prefix="agent-runtime-chaos-") as name:
        directory = Path(name)
        with ConsoleProgress(console) as progress:
            async with _options(directory, kafka=kafka) as options:
                say = progress.doing if console.is_terminal else progress.done
                try:
                    result = await run(options, plan, seed=seed, say=say)
                except Exception as error:  # noqa: BLE001 -- it fails the seed, not those to come
                    broken = f"the run broke: {type(error).__name__}: {error}"
                    result = Result(verdict=Verdict(problems=[broken]))
            progress.doing("")
        problems = result.verdict.problems
        if problems:
            target = keep / str(seed)
            shutil.copytree(directory / "state" / "logs", target, dirs_exist_ok=True)
            console.print(f"the logs are in {target}")
    print_outcomes(result.outcomes, console)
    print_verdict(result.verdict, console)
    print_problems(problems, console)
    seconds = time.monotonic() - began
    console.print(
        f"seed {seed} {'failed' if problems else 'passed'} in {seconds:.0f} s,"
        f" load {load:.1f} to {os.getloadavg()[0]:.1f}\n",
        highlight=False,
    )
    return not problems


@asynccontextmanager
async def _options(directory: Path, *, kafka: bool) -> AsyncGenerator[FleetOptions]:
    if not kafka:
        yield FleetOptions(directory=directory)
        return
    async with running_kafka(await plain_kafka(directory / "kafka")) as broker:
        settings = KafkaSettings(
            bootstrap_servers=broker.bootstrap_servers, topic_prefix=new_prefix()
        )
        yield FleetOptions(directory=directory, kafka=settings, broker=broker)


if __name__ == "__main__":
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(main)
    app()
