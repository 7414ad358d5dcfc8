# SPDX-License-Identifier: Apache-2.0
from datetime import timedelta

import pytest
from hypothesis import given, strategies as st

from shared.errors import DependencyDownError, PermanentError, TransientError
from shared.retry import EventHandlerWithRetry, Retrying, RetryPolicy

seconds = st.floats(0.001, 3600).map(lambda value: timedelta(seconds=value))
policies = st.builds(
    RetryPolicy,
    initial_delay=seconds,
    max_delay=seconds,
    multiplier=st.floats(1, 1000),
    jitter=st.floats(0, 1),
)


class Slept:
    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


class Failing:
    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.calls = 0

    async def __call__(self, *_: object) -> str:
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)
        return "done"


def test_delays_double_up_to_the_ceiling() -> None:
    policy = RetryPolicy(initial_delay=timedelta(seconds=1), max_delay=timedelta(seconds=5))

    delays = [policy.delay(attempt=attempt).total_seconds() for attempt in range(1, 6)]

    assert delays == [1, 2, 4, 5, 5]


@given(policy=policies, attempt=st.sampled_from([1, 2, 50, 10_000]))
def test_every_attempt_however_late_has_a_delay_within_the_ceiling(
    policy: RetryPolicy, attempt: int
) -> None:
    assert timedelta(0) < policy.delay(attempt=attempt) <= policy.max_delay


@given(policy=policies, attempt=st.integers(1, 60), spread=st.floats(0, 1))
def test_jitter_only_adds_and_never_more_than_its_share(
    policy: RetryPolicy, attempt: int, spread: float
) -> None:
    floor = policy.delay(attempt=attempt)
    delay = policy.delay(attempt=attempt, spread=spread)

    assert floor <= delay
    assert delay <= floor * (1 + policy.jitter) + timedelta(microseconds=1)


@given(policy=policies, attempt=st.integers(1, 60))
def test_delays_never_shrink(policy: RetryPolicy, attempt: int) -> None:
    assert policy.delay(attempt=attempt) <= policy.delay(attempt=attempt + 1)


async def test_work_is_repeated_until_it_succeeds() -> None:
    slept, work = Slept(), Failing(TransientError("1"), OSError("2"))

    result = await Retrying(sleep=slept, spread=lambda: 0.0).call(work)

    assert (result, work.calls, slept.seconds) == ("done", 3, [1.0, 2.0])


async def test_the_last_error_is_raised_when_the_attempts_are_used_up() -> None:
    work = Failing(*[TransientError(str(number)) for number in range(1, 9)])

    with pytest.raises(TransientError, match="3"):
        await Retrying(sleep=Slept()).call(work)

    assert work.calls == 3


@pytest.mark.parametrize("error", [PermanentError("no"), ValueError("no"), TypeError("no")])
async def test_what_repeating_cannot_mend_is_not_repeated(error: Exception) -> None:
    slept, work = Slept(), Failing(error)

    with pytest.raises(type(error)):
        await Retrying(sleep=slept).call(work)

    assert (work.calls, slept.seconds) == (1, [])


async def test_a_handler_with_retry_keeps_the_seed_signature() -> None:
    slept, work = Slept(), Failing(TransientError("1"))
    handler = EventHandlerWithRetry(work, max_retries=3, retry_delay=0.5, sleep=slept)

    assert await handler("event") == "done"
    assert work.calls == 2
    assert 0.5 <= slept.seconds[0] <= 0.6


async def test_a_handler_with_retry_decorates() -> None:
    calls: list[str] = []

    @EventHandlerWithRetry(max_retries=2, retry_delay=0.001)
    async def handle(event: str) -> None:
        calls.append(event)
        raise TransientError("busy")

    with pytest.raises(TransientError):
        await handle("event")

    assert calls == ["event", "event"]


async def test_a_used_up_handler_hands_its_event_to_the_dead_letters_and_raises() -> None:
    letters: list[tuple[object, Exception]] = []

    async def dead_letter(event: object, error: Exception) -> None:
        letters.append((event, error))

    error = PermanentError("never")
    handler = EventHandlerWithRetry(Failing(error), dead_letter=dead_letter)

    with pytest.raises(PermanentError):
        await handler("event")

    assert letters == [("event", error)]


async def test_a_server_that_is_down_makes_no_dead_letter() -> None:
    letters: list[object] = []

    async def dead_letter(event: object, _: Exception) -> None:
        letters.append(event)

    down = [DependencyDownError("Redis", "refused")] * 3
    handler = EventHandlerWithRetry(Failing(*down), sleep=Slept(), dead_letter=dead_letter)

    with pytest.raises(DependencyDownError):
        await handler("event")

    assert letters == []
