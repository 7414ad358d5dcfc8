# SPDX-License-Identifier: Apache-2.0
"""When a model is left alone, and when it is tried again.

Safeguards: the count of failures in a row, the single probe, and the pause in
``models/breaker.py``.
"""

from datetime import timedelta

import pytest
from hypothesis import given, strategies as st

from services.orchestrator.models.breaker import BreakerPolicy, BreakerState, CircuitBreaker
from services.orchestrator.models.errors import ModelCircuitOpen, ModelRefused, ModelUnavailable

POLICY = BreakerPolicy(failures=3, pause=timedelta(seconds=30))


class Watch:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def breaker(watch: Watch) -> CircuitBreaker:
    return CircuitBreaker("openai:gpt-5", POLICY, timer=watch)


def state_of(breaker: CircuitBreaker) -> BreakerState:
    """Return the state, which type checkers take for unchanged after an assert on it."""
    return breaker.state


def fail(breaker: CircuitBreaker, times: int = 1) -> None:
    for _ in range(times):
        with pytest.raises(ModelUnavailable), breaker.guard():
            raise ModelUnavailable("no")


def answer(breaker: CircuitBreaker) -> None:
    with breaker.guard():
        """The model answers."""


def refused(breaker: CircuitBreaker) -> ModelCircuitOpen:
    with pytest.raises(ModelCircuitOpen) as caught, breaker.guard():
        pytest.fail("nothing may be asked")
    return caught.value


def test_it_opens_after_so_many_failures_in_a_row(breaker: CircuitBreaker) -> None:
    fail(breaker, 2)
    assert state_of(breaker) is BreakerState.CLOSED

    fail(breaker)

    assert state_of(breaker) is BreakerState.OPEN
    assert "openai:gpt-5: not asked, after 3 failures" in str(refused(breaker))


def test_an_answer_in_between_begins_the_count_anew(breaker: CircuitBreaker) -> None:
    fail(breaker, 2)
    answer(breaker)
    fail(breaker, 2)

    assert state_of(breaker) is BreakerState.CLOSED


def test_a_refusal_is_an_answer(breaker: CircuitBreaker) -> None:
    fail(breaker, 2)
    with pytest.raises(ModelRefused), breaker.guard():
        raise ModelRefused("no such field")
    fail(breaker, 2)

    assert state_of(breaker) is BreakerState.CLOSED


def test_it_says_how_long_nothing_is_asked(breaker: CircuitBreaker, watch: Watch) -> None:
    fail(breaker, 3)
    watch.now += 10

    assert refused(breaker).retry_after == timedelta(seconds=20)


def test_after_the_pause_one_request_at_a_time_tries(breaker: CircuitBreaker, watch: Watch) -> None:
    fail(breaker, 3)
    watch.now += 30
    assert state_of(breaker) is BreakerState.HALF_OPEN

    with breaker.guard():
        refused(breaker)

    assert state_of(breaker) is BreakerState.CLOSED
    answer(breaker)


def test_a_probe_that_fails_opens_it_again(breaker: CircuitBreaker, watch: Watch) -> None:
    fail(breaker, 3)
    watch.now += 30
    fail(breaker)

    assert refused(breaker).retry_after == timedelta(seconds=30)
    watch.now += 30
    answer(breaker)
    assert state_of(breaker) is BreakerState.CLOSED


def test_a_probe_that_was_cut_off_leaves_the_place_to_another(
    breaker: CircuitBreaker, watch: Watch
) -> None:
    fail(breaker, 3)
    watch.now += 30

    with pytest.raises(KeyboardInterrupt), breaker.guard():
        raise KeyboardInterrupt

    assert state_of(breaker) is BreakerState.HALF_OPEN
    answer(breaker)


def test_what_was_asked_before_it_opened_makes_the_pause_no_longer(
    breaker: CircuitBreaker, watch: Watch
) -> None:
    early = breaker.guard()
    early.__enter__()
    fail(breaker, 3)
    watch.now += 20
    late = ModelUnavailable("late")
    assert not early.__exit__(ModelUnavailable, late, None)

    assert refused(breaker).retry_after == timedelta(seconds=10)


@given(st.lists(st.sampled_from(["fail", "answer", "wait"])))
def test_whatever_happens_a_request_gets_through_after_a_pause(what: list[str]) -> None:
    watch = Watch()
    breaker = CircuitBreaker("m", POLICY, timer=watch)
    for each in what:
        if each == "wait":
            watch.now += 7
        elif state_of(breaker) is not BreakerState.OPEN:
            fail(breaker) if each == "fail" else answer(breaker)

    watch.now += 30

    answer(breaker)
    assert state_of(breaker) is BreakerState.CLOSED
