# SPDX-License-Identifier: Apache-2.0
"""Does one thing to letters that are named, one by one, and says what came of each."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any
from uuid import UUID

import typer

from services.agentctl.client import Services
from services.agentctl.commands.letter_options import DESK, LetterChoice
from services.agentctl.errors import CommandError
from services.agentctl.output import print_json

Result = dict[str, Any]


def only_one_way(letters: Iterable[UUID] | None, choice: LetterChoice) -> None:
    """Refuse a command that names letters in two ways, or in none.

    Raises:
        CommandError: it does; nothing is ever done to all letters because nothing was said.
    """
    if bool(letters) == bool(choice.filters()):
        raise CommandError("say which letters: either by their ids, or by --group and filters")


def act_on_each(
    services: Services, letters: Iterable[UUID], action: str, body: Mapping[str, Any]
) -> list[Result]:
    """Do the action on each letter; go on after a refusal."""
    return [_act_on(services, str(letter), action, body) for letter in letters]


def _act_on(services: Services, letter: str, action: str, body: Mapping[str, Any]) -> Result:
    try:
        result = services.post(DESK, f"/v1/dead-letters/{letter}/{action}", body)
    except CommandError as error:
        return {"id": letter, "error": str(error)}
    return {"id": letter, **result}


def show_results(
    results: Iterable[Result], describe: Callable[[Result], str], *, as_json: bool
) -> None:
    """Print a line for each letter, refusals where errors go; or all as JSON."""
    if as_json:
        print_json(list(results))
        return
    for each in results:
        said = each["error"] if "error" in each else describe(each)
        typer.echo(f"{each['id']}  {said}", err="error" in each)


def fail_if_refused(results: Iterable[Result]) -> None:
    """End the command with a failure if not all was done.

    Raises:
        typer.Exit: something was refused.
    """
    if any("error" in each for each in results):
        raise typer.Exit(1)
