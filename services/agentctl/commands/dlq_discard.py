# SPDX-License-Identifier: Apache-2.0
"""``agentctl dlq discard``: give letters up, one, some, a group, or what meets filters."""

from typing import Annotated
from uuid import UUID

import typer

from services.agentctl.client import Value
from services.agentctl.commands.connection import connect
from services.agentctl.commands.letter_actions import act_on_each, fail_if_refused, show_results
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
from services.agentctl.commands.letter_selection import agree, only_one_way, select
from services.agentctl.output import Json


def discard(
    letters: Letters = None,
    *,
    reason: Annotated[str, typer.Option(help="Why they need not be handled.")],
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
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would happen.")] = False,
    rate: Rate = None,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Give letters up; they stay where they can be read."""
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
    body = {"operator": operator_or_user(operator), "reason": reason}
    with connect() as services:
        ids = letters
        if not ids:
            chosen = select(services, filters)
            ids = [UUID(each["id"]) for each in chosen]
            if not dry_run:
                agree("discard", chosen, yes=yes)
        if dry_run:
            results = [{"id": str(each), "dry_run": True} for each in ids]
            show_results(results, lambda _: "would be discarded", as_json=as_json)
            return
        results = act_on_each(services, ids, "discard", body, Pace(rate))
    show_results(results, lambda _: "discarded", as_json=as_json)
    fail_if_refused(results)
