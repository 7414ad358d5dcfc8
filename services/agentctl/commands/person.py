# SPDX-License-Identifier: Apache-2.0
"""Who it is that runs a command."""

import getpass
from typing import Annotated

import typer

from services.agentctl.errors import CommandError

By = Annotated[str | None, typer.Option(help="Who. Default: the user of this machine.")]
Reason = Annotated[str, typer.Option(help="Why.")]


def person_or_user(person: str | None, *, option: str = "--by") -> str:
    """Return the person, or the user of this machine.

    Raises:
        CommandError: nobody knows who that is.
    """
    if person:
        return person
    try:
        return getpass.getuser()
    except (OSError, KeyError) as error:
        raise CommandError(f"say who you are with {option}") from error
