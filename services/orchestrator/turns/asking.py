# SPDX-License-Identifier: Apache-2.0
"""Asks the model of an agent, and the one that stands in for it when it does not answer."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from services.orchestrator.agents import Agent
from services.orchestrator.models import (
    Deadline,
    FailedAttempt,
    GivenUp,
    ModelCutOff,
    ModelQuotaExceeded,
    ModelRefused,
    ModelReply,
    ModelUnavailable,
)
from services.orchestrator.turns.progress import Progress
from services.orchestrator.turns.requesting import request_reply
from services.orchestrator.turns.resources import Resources


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a model answered in the end: which one, and what was tried before."""

    reply: ModelReply
    model: str
    failed: tuple[FailedAttempt, ...] = ()
    given_up: tuple[GivenUp, ...] = ()


class NoAnswerError(Exception):
    """None of the models of an agent answered."""

    def __init__(self, given_up: Sequence[GivenUp]) -> None:
        super().__init__("; ".join(str(each.error) for each in given_up))
        self.given_up = tuple(given_up)


class OutOfTimeError(NoAnswerError):
    """The time that calls may take was over before a model answered; its request was cut off."""


@dataclass(slots=True)
class _Trial:
    """What is tried of one model."""

    model: str
    began: timedelta
    failed: list[FailedAttempt] = field(default_factory=list[FailedAttempt])

    def given_up(self, deadline: Deadline) -> GivenUp:
        return GivenUp(
            model=self.model,
            attempts=tuple(self.failed),
            duration=deadline.taken() - self.began,
        )

    def cut_off(self, deadline: Deadline) -> GivenUp:
        error = ModelCutOff(f"{self.model}: cut off, because the time for calls was over")
        self.failed.append(FailedAttempt(error=error, wait=None))
        return self.given_up(deadline)


async def ask(resources: Resources, progress: Progress, agent: Agent) -> Answer:
    """Return the answer of the agent's model to the conversation so far, as the turn's next step.

    A model that stays unavailable, or whose quota is used up, is stood in for by the fallback; one
    that refuses what it is asked is not, since that is for a person to see. When ``wall_time`` is
    over, the request is stopped.

    Raises:
        NoAnswerError: there is none, however often it was asked for.
        OutOfTimeError: there was none in the time that was left.
    """
    limit = resources.budgets.time_left(progress.session, agent)
    given_up: list[GivenUp] = []
    timer = asyncio.timeout(None if limit is None else limit.total_seconds())
    try:
        async with timer:
            return await _ask_each(resources, progress, agent, Deadline(limit), given_up)
    except TimeoutError:
        if not timer.expired():
            raise
        raise OutOfTimeError(given_up) from None


async def _ask_each(
    resources: Resources,
    progress: Progress,
    agent: Agent,
    deadline: Deadline,
    given_up: list[GivenUp],
) -> Answer:
    """Ask the models of the agent until one answers; ``given_up`` gets those that do not."""
    for model in agent.models:
        trial = _Trial(model, began=deadline.taken())
        try:
            reply = await request_reply(resources, progress, agent, model, deadline, trial.failed)
        except asyncio.CancelledError:
            given_up.append(trial.cut_off(deadline))
            raise
        except (ModelUnavailable, ModelRefused) as error:
            given_up.append(trial.given_up(deadline))
            if isinstance(error, ModelRefused) and not isinstance(error, ModelQuotaExceeded):
                break
        else:
            return Answer(
                reply=reply, model=model, failed=tuple(trial.failed), given_up=tuple(given_up)
            )
    raise NoAnswerError(given_up)
