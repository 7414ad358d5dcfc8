# SPDX-License-Identifier: Apache-2.0
"""Does one thing to letters, one by one, and says what came of each."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any
from uuid import UUID

import typer

from services.agentctl.client import Services
from services.agentctl.commands.letter_options import DESK
from services.agentctl.commands.letter_pace import Pace
from services.agentctl.errors import CommandError, NoAnswerError
from services.agentctl.output import print_json

Result = dict[str, Any]


def act_on(services: Services, letter: str, action: str, body: Mapping[str, Any]) -> Result:
    """Return what came of the action; of a refusal, the reason.

    Raises:
        NoAnswerError: the desk is not there.
    """
    try:
        result = services.post(DESK, f"/v1/dead-letters/{letter}/{action}", body)
    except NoAnswerError:
        raise
    except CommandError as error:
        return {"id": letter, "error": str(error)}
    return {"id": letter, **result}


def act_on_each(
    services: Services, letters: Iterable[UUID], action: str, body: Mapping[str, Any], pace: Pace
) -> list[Result]:
    """Do the action on each letter; go on after a refusal."""
    return [_paced(services, str(letter), action, body, pace) for letter in letters]


def _paced(
    services: Services, letter: str, action: str, body: Mapping[str, Any], pace: Pace
) -> Result:
    pace.wait()
    try:
        return act_on(services, letter, action, body)
    except NoAnswerError as error:
        return {"id": letter, "error": str(error)}


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
