# SPDX-License-Identifier: Apache-2.0
"""An outbox as it is shown to people."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from rich.console import Console

from services.agentctl.output import fields, moment, plural, table
from services.agentctl.text import one_line


def show_outbox(screen: Console, found: Any, *, now: datetime) -> None:
    """Show how much waits, of which topics and sessions, and the events in line."""
    screen.print(fields(_facts(found, now)))
    _show_shares(screen, "TOPIC", found["topics"])
    _show_shares(screen, "SESSION", found["sessions"])
    if not found["items"]:
        return
    rows = table("POSITION", "SESSION", "#", "EVENT", "RECORDED (UTC)", "", right=("POSITION", "#"))
    for each in found["items"]:
        rows.add_row(
            str(each["position"]),
            one_line(each["session_id"]),
            str(each["sequence"]),
            one_line(each["event_type"].removeprefix("agentruntime.")),
            moment(each["recorded_at"]),
            "again" if each["again"] else "",
        )
    screen.print()
    screen.print(rows)
    if found["next"] is not None:
        screen.print(f"more: --cursor {found['next']}", style="dim")


def _facts(found: Any, now: datetime) -> Iterable[tuple[str, str]]:
    waiting = plural(found["waiting"], "event")
    if found["oldest"]:
        waiting += f", the oldest for {_since(found['oldest'], now)}"
    yield "waiting", waiting
    kept = plural(found["kept"], "published event")
    if found["kept_since"]:
        kept += f" since {moment(found['kept_since'])}"
    yield "kept", f"{kept}, for {timedelta(seconds=found['retention_seconds'])}"


def _since(text: str, now: datetime) -> str:
    waited = now - datetime.fromisoformat(text)
    return str(timedelta(seconds=max(0, round(waited.total_seconds()))))


def _show_shares(screen: Console, title: str, shares: Iterable[Any]) -> None:
    rows = table(title, "WAITING", "OLDEST (UTC)", right=("WAITING",))
    for each in shares:
        rows.add_row(one_line(each["name"]), str(each["waiting"]), moment(each["oldest"]))
    if rows.row_count:
        screen.print()
        screen.print(rows)
