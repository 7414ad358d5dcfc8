# SPDX-License-Identifier: Apache-2.0
"""The options by which letters are chosen, and who acts on them."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import typer

from services.agentctl.commands.person import person_or_user

DESK = "dead_letters"

Service = Annotated[str | None, typer.Option(help="Of the service that failed.")]
Kind = Annotated[
    str | None, typer.Option(help="poison, oversize, fatal, exhausted, expired or unknown.")
]
ErrorClass = Annotated[str | None, typer.Option(help="With this class of error.")]
EventType = Annotated[str | None, typer.Option("--type", help="Of events of this type.")]
Session = Annotated[str | None, typer.Option(help="Of this session.")]
Status = Annotated[
    str | None, typer.Option(help="open, redriven, resolved, edited, discarded or parked.")
]
WaitingStatus = Annotated[
    str | None, typer.Option(help="open (which is what is chosen without this) or parked.")
]
Fingerprint = Annotated[str | None, typer.Option("--group", help="Of this group of `groups`.")]
Since = Annotated[datetime | None, typer.Option(help="Failed at this time or later (UTC).")]
Until = Annotated[datetime | None, typer.Option(help="Failed before this time (UTC).")]
Letters = Annotated[
    list[UUID] | None, typer.Argument(help="The ids of letters; or choose by group or filters.")
]
Operator = Annotated[
    str | None, typer.Option("--operator", "--by", help="Who. Default: the user of this machine.")
]
Rate = Annotated[
    float | None, typer.Option(min=0.01, max=1000, help="At most so many letters per second.")
]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask before many are changed.")]


def utc(value: datetime | None) -> str | None:
    """Return a time as the desk reads it."""
    return None if value is None else f"{value.isoformat()}Z"


def operator_or_user(operator: str | None) -> str:
    """Return the operator, or the user of this machine.

    Raises:
        CommandError: nobody knows who that is.
    """
    return person_or_user(operator, option="--operator")
