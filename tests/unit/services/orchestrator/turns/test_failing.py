# SPDX-License-Identifier: Apache-2.0
"""What the events say of models that did not answer."""

from datetime import timedelta

from services.orchestrator.models import (
    FailedAttempt,
    GivenUp,
    ModelCircuitOpen,
    ModelRefused,
    ModelUnavailable,
)
from services.orchestrator.turns.failing import MAX_LISTED, listed, requests_failed
from tests.support.turns import a_turn

BUSY = FailedAttempt(
    error=ModelUnavailable("busy", retry_after=timedelta(seconds=7)), wait=timedelta(seconds=8)
)
LAST = FailedAttempt(error=ModelUnavailable("still busy"), wait=None)
OPEN = FailedAttempt(error=ModelCircuitOpen("open", retry_after=timedelta(seconds=3)), wait=None)
REFUSED = FailedAttempt(error=ModelRefused("never"), wait=None)


def gave_up(model: str, *attempts: FailedAttempt) -> GivenUp:
    return GivenUp(model=model, attempts=attempts, duration=timedelta(seconds=2))


def test_each_model_has_its_event_and_names_who_is_asked_after_it() -> None:
    given_up = [gave_up("one", BUSY, LAST), gave_up("two", OPEN)]

    first, second = requests_failed(a_turn(), given_up, step=5, fallback="three")

    assert (first.model, first.step, first.fallback_model) == ("one", 5, "two")
    assert (first.attempts, first.retried, first.retry_after_seconds) == (2, True, None)
    assert (second.model, second.fallback_model) == ("two", "three")
    assert (second.attempts, second.retried, second.retry_after_seconds) == (0, False, 3)


def test_where_nobody_was_given_up_there_is_no_event() -> None:
    assert requests_failed(a_turn(), [], step=1, fallback="one") == []
    assert requests_failed(a_turn(), [], step=1) == []


def test_the_last_model_names_nobody_after_it() -> None:
    (failed,) = requests_failed(a_turn(), [gave_up("one", REFUSED)], step=1)

    assert (failed.error_type, failed.error_message) == ("ModelRefused", "never")
    assert (failed.attempts, failed.fallback_model) == (1, "")


def test_an_attempt_is_told_with_what_was_asked_for_and_what_was_waited() -> None:
    first, last = listed([BUSY, LAST])

    assert (first.error_message, first.retry_after_seconds, first.waited_seconds) == ("busy", 7, 8)
    assert (last.error_message, last.retry_after_seconds, last.waited_seconds) == (
        "still busy",
        None,
        None,
    )


def test_a_long_list_or_a_long_message_does_not_fill_the_event() -> None:
    wordy = FailedAttempt(error=ModelUnavailable("\0" + "x" * 10_000), wait=None)

    told = listed([BUSY] * 100 + [wordy])

    assert len(told) == MAX_LISTED
    assert len(told[-1].error_message) == 300
    assert "\0" not in told[-1].error_message
