# SPDX-License-Identifier: Apache-2.0
"""``agentctl dlq redrive``: send letters back, one, some, a group, or what meets filters."""

from collections import Counter
from typing import Annotated

import typer

from services.agentctl.client import Value
from services.agentctl.commands.connection import connect
from services.agentctl.commands.letter_actions import (
    Result,
    act_on_each,
    fail_if_refused,
    show_results,
)
from services.agentctl.commands.letter_fates import Fates
from services.agentctl.commands.letter_options import (
    ErrorClass,
    EventType,
    Fingerprint,
    Kind,
    Letters,
    Operator,
    Rate,
    Service,
    Session,
    Since,
    Until,
    WaitingStatus,
    Yes,
    operator_or_user,
    utc,
)
from services.agentctl.commands.letter_pace import Pace
from services.agentctl.commands.letter_redrives import Redrives
from services.agentctl.commands.letter_selection import agree, only_one_way, select
from services.agentctl.errors import CommandError
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


def redrive(
    letters: Letters = None,
    *,
    group: Fingerprint = None,
    service: Service = None,
    kind: Kind = None,
    error_class: ErrorClass = None,
    event_type: EventType = None,
    session: Session = None,
    status: WaitingStatus = None,
    since: Since = None,
    until: Until = None,
    operator: Operator = None,
    reason: Annotated[str, typer.Option(help="Why it will be handled now.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would happen.")] = False,
    batch: Batch = 50,
    rate: Rate = None,
    stop_on_failures: StopOnFailures = 0.5,
    wait: Wait = 10,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Send letters back to the service that failed, and to no other.

    A choice is sent session by session, each by sequence, the session that failed first first.
    """
    filters: dict[str, Value] = {
        "fingerprint": group,
        "service": service,
        "kind": kind,
        "error_class": error_class,
        "event_type": event_type,
        "session": session,
        "status": status,
        "since": utc(since),
        "until": utc(until),
    }
    only_one_way(letters, filters)
    wish = {"operator": operator_or_user(operator), "reason": reason, "dry_run": dry_run}
    pace = Pace(None if dry_run else rate)
    with connect() as services:
        if letters:
            results = act_on_each(services, letters, "redrive", wish, pace)
            show_results(results, _redriven, as_json=as_json)
            fail_if_refused(results)
            return
        chosen = select(services, filters)
        if not dry_run:
            agree("redrive", chosen, yes=yes)
        run = Redrives(
            services=services,
            wish=wish,
            batch=batch,
            most_returned=stop_on_failures,
            pace=pace,
            fates=Fates(services=services, wait=wait),
        )
        stopped = run.run(chosen)
    _report([run.results[each["id"]] for each in chosen], stopped, as_json=as_json)


def _report(results: list[Result], stopped: str | None, *, as_json: bool) -> None:
    """Print what came of each letter.

    Raises:
        CommandError: the run stopped before its end.
        typer.Exit: the desk refused some of the letters.
    """
    show_results(results, _outcome, as_json=as_json)
    counts = Counter(each["outcome"] for each in results)
    summary = ", ".join(f"{number} {outcome}" for outcome, number in counts.items())
    if not as_json:
        typer.echo(f"{plural(len(results), 'letter')}: {summary}" if results else "no such letter")
    if stopped:
        raise CommandError(f"stopped: {stopped}; the same command goes on with what is open")
    fail_if_refused(results)


def _outcome(result: Result) -> str:
    place = "" if result["sequence"] is None else f" #{result['sequence']}"
    topic = f" to {result['topic']}" if result.get("topic") else ""
    return one_line(f"{result['session_id'] or 'no session'}{place}  {result['outcome']}{topic}")


def _redriven(result: Result) -> str:
    topic = one_line(str(result["topic"]))
    if result["dry_run"]:
        return f"would be sent to {topic}"
    times = result["letter"]["redrive_count"]
    return f"sent to {topic} ({plural(times, 'redrive')} so far)"
