# SPDX-License-Identifier: Apache-2.0
"""``agentctl dlq redrive``: send letters back, one, some, a group, or what meets filters."""

from typing import Annotated

import typer

from services.agentctl.commands.connection import connect
from services.agentctl.commands.letter_actions import (
    Result,
    act_on_each,
    fail_if_refused,
    only_one_way,
    show_results,
)
from services.agentctl.commands.letter_jobs import LetterJob
from services.agentctl.commands.letter_options import (
    Detach,
    DryRun,
    LetterChoice,
    Letters,
    Operator,
    Rate,
    Yes,
    operator_or_user,
    with_choice,
)
from services.agentctl.output import Json, plural
from services.agentctl.text import one_line

Batch = Annotated[int, typer.Option(min=1, max=500, help="Of a choice: so many, then look.")]
StopOnFailures = Annotated[
    float,
    typer.Option(
        min=0,
        max=1,
        help="Of a choice: stop when more than this share of a batch comes back; 1 is never.",
    ),
]
Wait = Annotated[
    float,
    typer.Option(
        min=0,
        max=3600,
        help="How many seconds after a batch a letter that fails again may take to come back.",
    ),
]


@with_choice
def redrive(
    letters: Letters = None,
    *,
    choice: LetterChoice,
    operator: Operator = None,
    reason: Annotated[str, typer.Option(help="Why it will be handled now.")] = "",
    dry_run: DryRun = False,
    batch: Batch = 50,
    rate: Rate = None,
    stop_on_failures: StopOnFailures = 0.5,
    wait: Wait = 10,
    yes: Yes = False,
    detach: Detach = False,
    as_json: Json = False,
) -> None:
    """Send letters back to the service that failed, and to no other.

    Of a choice the desk makes a job: session by session, each by sequence, the session that failed
    first first. It goes on when this command is ended.
    """
    only_one_way(letters, choice)
    wish = {"operator": operator_or_user(operator), "reason": reason}
    with connect() as services:
        if letters:
            results = act_on_each(services, letters, "redrive", {**wish, "dry_run": dry_run})
            show_results(results, _redriven, as_json=as_json)
            fail_if_refused(results)
            return
        job = LetterJob.of(
            services,
            "redrive",
            choice,
            as_json=as_json,
            **wish,
            batch=batch,
            rate=rate,
            stop_on_failures=stop_on_failures,
            wait=wait,
        )
        job.preview() if dry_run else job.run(yes=yes, detach=detach)


def _redriven(result: Result) -> str:
    topic = one_line(str(result["topic"]))
    if result["dry_run"]:
        return f"would be sent to {topic}"
    times = result["letter"]["redrive_count"]
    return f"sent to {topic} ({plural(times, 'redrive')} so far)"
