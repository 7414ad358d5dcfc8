# SPDX-License-Identifier: Apache-2.0
"""What the events say of models that did not answer."""

from collections.abc import Sequence

from services.orchestrator.domain.turn import Turn
from services.orchestrator.models import FailedAttempt, GivenUp, ModelUnavailable
from services.orchestrator.turns.closing import storable
from shared.events import LLMRequestFailedEvent, ModelAttempt
from shared.scrubbing import scrub

MAX_LISTED = 20
"""How many failed attempts an event lists, the last ones."""

MAX_SHORT = 300
MAX_ERROR = 1000


def requests_failed(
    turn: Turn, given_up: Sequence[GivenUp], *, step: int, fallback: str = ""
) -> list[LLMRequestFailedEvent]:
    """Return an event for each model that was asked in vain; ``fallback`` answered after them."""
    following = [*(each.model for each in given_up), fallback][1:]
    return [
        _request_failed(turn, each, step=step, fallback=after)
        for each, after in zip(given_up, following, strict=True)
    ]


def _request_failed(
    turn: Turn, given_up: GivenUp, *, step: int, fallback: str
) -> LLMRequestFailedEvent:
    sent = sum(each.sent for each in given_up.attempts)
    return LLMRequestFailedEvent(
        session_id=turn.session_id,
        turn_id=turn.id,
        agent=turn.agent,
        model=given_up.model,
        step=step,
        duration_seconds=max(0.0, given_up.duration.total_seconds()),
        error_type=type(given_up.error).__name__,
        error_message=_said(given_up.error, MAX_ERROR),
        attempts=sent,
        retried=sent > 1,
        retry_after_seconds=_retry_after(given_up.error),
        failed_attempts=listed(given_up.attempts),
        fallback_model=fallback,
        causation_id=turn.asking_id,
    )


def listed(attempts: Sequence[FailedAttempt]) -> tuple[ModelAttempt, ...]:
    """Return what an event lists of attempts that brought no answer."""
    return tuple(
        ModelAttempt(
            error_type=type(each.error).__name__,
            error_message=_said(each.error, MAX_SHORT),
            retry_after_seconds=_retry_after(each.error),
            waited_seconds=None if each.wait is None else each.wait.total_seconds(),
        )
        for each in attempts[-MAX_LISTED:]
    )


def _retry_after(error: Exception) -> float | None:
    wait = error.retry_after if isinstance(error, ModelUnavailable) else None
    return None if wait is None else wait.total_seconds()


def _said(error: Exception, longest: int) -> str:
    return storable(scrub(str(error))[:longest])
