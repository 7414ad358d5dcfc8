# SPDX-License-Identifier: Apache-2.0
"""The options by which letters are chosen, declared once, and who acts on them."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import datetime
from functools import wraps
from typing import Annotated, Any
from uuid import UUID

import typer

from services.agentctl.client import Value
from services.agentctl.commands.person import person_or_user

DESK = "dead_letters"

Letters = Annotated[
    list[UUID] | None, typer.Argument(help="The ids of letters; or choose by group or filters.")
]
Operator = Annotated[
    str | None, typer.Option("--operator", "--by", help="Who. Default: the user of this machine.")
]
Rate = Annotated[
    float | None,
    typer.Option(min=0.01, max=1000, help="Of a choice: at most so many letters per second."),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would happen.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask before many are changed.")]
Detach = Annotated[
    bool, typer.Option("--detach", help="Of a choice: begin, and do not wait for the end.")
]


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterChoice:
    """Which letters; they have to meet all that is given."""

    group: Annotated[str | None, typer.Option(help="Of this group of `groups`.")] = None
    service: Annotated[str | None, typer.Option(help="Of the service that failed.")] = None
    kind: Annotated[
        str | None, typer.Option(help="poison, oversize, fatal, exhausted, expired or unknown.")
    ] = None
    error_class: Annotated[str | None, typer.Option(help="With this class of error.")] = None
    event_type: Annotated[str | None, typer.Option("--type", help="Of events of this type.")] = None
    session: Annotated[str | None, typer.Option(help="Of this session.")] = None
    status: Annotated[
        str | None,
        typer.Option(
            help="open, redriven, resolved, edited, discarded or parked;"
            " what is redriven or discarded has to be open (the default there) or parked."
        ),
    ] = None
    since: Annotated[datetime | None, typer.Option(help="Failed at this time or later (UTC).")] = (
        None
    )
    until: Annotated[datetime | None, typer.Option(help="Failed before this time (UTC).")] = None

    def filters(self) -> dict[str, Value]:
        """Return what was given, as the desk reads it."""
        given: dict[str, Value] = {
            "fingerprint": self.group,
            "service": self.service,
            "kind": self.kind,
            "error_class": self.error_class,
            "event_type": self.event_type,
            "session": self.session,
            "status": self.status,
            "since": _utc(self.since),
            "until": _utc(self.until),
        }
        return {name: value for name, value in given.items() if value is not None}


def with_choice(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of ``LetterChoice``, which it gets as ``choice``."""
    own = inspect.signature(command)
    names = [each.name for each in fields(LetterChoice)]
    options = [
        inspect.Parameter(
            each.name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=each.type
        )
        for each in fields(LetterChoice)
    ]
    others = [each for each in own.parameters.values() if each.name != "choice"]

    @wraps(command)
    def run(**given: Any) -> None:
        choice = LetterChoice(**{name: given.pop(name) for name in names})
        command(**given, choice=choice)

    parameters = [*others, *options]
    run.__signature__ = own.replace(parameters=parameters)  # type: ignore[attr-defined]  # typer reads it
    run.__annotations__ = {each.name: each.annotation for each in parameters}
    return run


def _utc(value: datetime | None) -> str | None:
    return None if value is None else f"{value.isoformat()}Z"


def operator_or_user(operator: str | None) -> str:
    """Return the operator, or the user of this machine.

    Raises:
        CommandError: nobody knows who that is.
    """
    return person_or_user(operator, option="--operator")
