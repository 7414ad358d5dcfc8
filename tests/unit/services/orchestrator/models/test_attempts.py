# SPDX-License-Identifier: Apache-2.0
"""How often a model is asked, and how long it is left alone in between."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given, strategies as st
from pydantic_ai.messages import ModelResponse

from services.orchestrator.models.attempts import Attempts, FailedAttempt
from services.orchestrator.models.deadline import Deadline
from services.orchestrator.models.errors import (
    ModelCircuitOpen,
    ModelQuotaExceeded,
    ModelRefused,
    ModelUnavailable,
)
from services.orchestrator.models.reply import ModelReply, ModelUsage
from shared.retry import RetryPolicy

POLICY = RetryPolicy(
    initial_delay=timedelta(seconds=1), max_delay=timedelta(seconds=8), max_attempts=4, jitter=0.5
)
REPLY = ModelReply(
    response=ModelResponse(parts=[]),
    usage=ModelUsage(input_tokens=1, output_tokens=1),
    cost_usd=Decimal(0),
    model="m",
    provider="p",
    duration=timedelta(0),
)


class Asking:
    """Fails with ``errors`` one after the other, then answers; waiting takes no time."""

    def __init__(self, *errors: Exception, spread: float = 0.0) -> None:
        self.errors = list(errors)
        self.asked = 0
        self.failed: list[FailedAttempt] = []
        self.waited: list[float] = []
        self.attempts = Attempts(
            policy=POLICY,
            longest_wait=timedelta(seconds=60),
            sleep=self._sleep,
            spread=lambda: spread,
        )

    async def make(self, limit: timedelta | None = None) -> ModelReply:
        return await self.attempts.make(
            self._request,
            on_failure=self.failed.append,
            deadline=Deadline(limit, timer=lambda: sum(self.waited)),
        )

    async def _request(self) -> ModelReply:
        self.asked += 1
        if self.errors:
            raise self.errors.pop(0)
        return REPLY

    async def _sleep(self, seconds: float) -> None:
        self.waited.append(seconds)


def busy(retry_after: float | None = None) -> ModelUnavailable:
    wait = None if retry_after is None else timedelta(seconds=retry_after)
    return ModelUnavailable("busy", retry_after=wait)


async def test_a_model_is_asked_until_it_answers_with_growing_pauses() -> None:
    asking = Asking(busy(), busy(), busy())

    assert await asking.make() is REPLY
    assert asking.waited == [1, 2, 4]
    assert [each.wait for each in asking.failed] == [timedelta(seconds=n) for n in (1, 2, 4)]


async def test_it_is_given_up_after_so_many_attempts() -> None:
    asking = Asking(*[busy()] * 9)

    with pytest.raises(ModelUnavailable):
        await asking.make()

    assert asking.asked == 4
    assert [each.wait is None for each in asking.failed] == [False, False, False, True]


async def test_a_provider_that_says_how_long_to_wait_is_given_that_time() -> None:
    """Safeguard: the wait that was asked for is a floor in ``Attempts._wait``."""
    asking = Asking(busy(17), busy(0.1))

    await asking.make()

    assert asking.waited == [17, 2]


async def test_no_provider_is_waited_for_longer_than_the_limit() -> None:
    asking = Asking(busy(86_400))

    await asking.make()

    assert asking.waited == [60]


async def test_jitter_is_added_to_what_the_provider_asked_for() -> None:
    """All who were told the same do not come back at once."""
    asking = Asking(busy(20), busy(), spread=1.0)

    await asking.make()

    assert asking.waited == [30, 3]


@pytest.mark.parametrize(
    "error", [ModelRefused("no"), ModelQuotaExceeded("used up"), ModelCircuitOpen("open")]
)
async def test_what_asking_again_does_not_mend_is_given_up_at_once(error: Exception) -> None:
    asking = Asking(error)

    with pytest.raises(type(error)):
        await asking.make()

    assert asking.asked == 1
    assert asking.failed[0].sent is isinstance(error, ModelRefused)


async def test_no_pause_is_begun_that_ends_too_late() -> None:
    asking = Asking(*[busy()] * 3)

    with pytest.raises(ModelUnavailable):
        await asking.make(timedelta(seconds=3))

    assert asking.waited == [1]


async def test_a_mistake_of_ours_is_not_repeated() -> None:
    asking = Asking(RuntimeError("a bug"))

    with pytest.raises(RuntimeError):
        await asking.make()

    assert asking.asked == 1


@given(st.floats(0, 10**6), st.floats(0, 1))
def test_a_wait_is_never_shorter_than_asked_for_up_to_the_limit(
    asked: float, spread: float
) -> None:
    attempts = Attempts(policy=POLICY, spread=lambda: spread)

    wait = attempts._wait(busy(asked), 1)

    assert wait is not None
    assert wait >= min(timedelta(seconds=asked), attempts.longest_wait)
    assert wait <= attempts.longest_wait * 1.5
