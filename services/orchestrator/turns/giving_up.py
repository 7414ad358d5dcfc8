# SPDX-License-Identifier: Apache-2.0
"""Ends a turn whose next step could not be made: with an error, or at the limit on time."""

from services.orchestrator.domain.usage import Spent
from services.orchestrator.turns.asking import NoAnswerError, OutOfTimeError
from services.orchestrator.turns.closing import exceed_budget, fail_turn
from services.orchestrator.turns.failing import requests_failed
from services.orchestrator.turns.ledger import TurnLedger
from services.orchestrator.turns.progress import Progress
from services.orchestrator.turns.resources import Resources
from services.orchestrator.turns.turn_work import TurnWork


async def give_up(
    resources: Resources, ledger: TurnLedger, progress: Progress, error: Exception
) -> Progress:
    """Record why the turn ends without an answer, in one transaction; the session goes on.

    Raises:
        LeaseLostError: the turn is no longer this replica's; nothing was recorded.
    """
    async with ledger.record(progress) as work:
        match error:
            case OutOfTimeError():
                usage = work.session.usage.settle_cut_off(now=work.now)
                work.change_session(usage=usage)
                await _tell_of_models(work, error)
                agent = resources.agent(work.turn.agent, model=work.turn.model)
                await exceed_budget(work, resources.budgets.out_of_time(work.session, agent))
            case NoAnswerError():
                _settle(work, Spent(model_calls=1))
                await _tell_of_models(work, error)
                await fail_turn(work, error, error_type=type(error.given_up[-1].error).__name__)
            case _:
                _settle(work, Spent())
                await fail_turn(work, error, error_type=type(error).__name__)
    return work.progress


def _settle(work: TurnWork, taken: Spent) -> None:
    work.change_session(usage=work.session.usage.settle(taken, now=work.now))


async def _tell_of_models(work: TurnWork, error: NoAnswerError) -> None:
    for failed in requests_failed(work.turn, error.given_up, step=work.steps[-1].index + 1):
        await work.publish(failed)
