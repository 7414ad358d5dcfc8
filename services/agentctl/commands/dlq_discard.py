# SPDX-License-Identifier: Apache-2.0
"""``agentctl dlq discard``: give letters up, one, some, a group, or what meets filters."""

from typing import Annotated

import typer

from services.agentctl.commands.connection import connect
from services.agentctl.commands.letter_actions import (
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
from services.agentctl.output import Json


@with_choice
def discard(
    letters: Letters = None,
    *,
    choice: LetterChoice,
    reason: Annotated[str, typer.Option(help="Why they need not be handled.")],
    operator: Operator = None,
    dry_run: DryRun = False,
    rate: Rate = None,
    yes: Yes = False,
    detach: Detach = False,
    as_json: Json = False,
) -> None:
    """Give letters up; they stay where they can be read.

    Of a choice the desk makes a job, which goes on when this command is ended.
    """
    only_one_way(letters, choice)
    wish = {"operator": operator_or_user(operator), "reason": reason}
    with connect() as services:
        if not letters:
            job = LetterJob.of(services, "discard", choice, as_json=as_json, **wish, rate=rate)
            job.preview() if dry_run else job.run(yes=yes, detach=detach)
            return
        if dry_run:
            planned = [{"id": str(each), "dry_run": True} for each in letters]
            show_results(planned, lambda _: "would be discarded", as_json=as_json)
            return
        results = act_on_each(services, letters, "discard", wish)
    show_results(results, lambda _: "discarded", as_json=as_json)
    fail_if_refused(results)
