# SPDX-License-Identifier: Apache-2.0
import pytest

from services.dead_letters.letters.lifecycle import (
    Status,
    after_failing_again,
    why_not_discard,
    why_not_redrive,
)

SERVICES = ("audit", "metrics")


@pytest.mark.parametrize("status", [Status.OPEN, Status.PARKED])
def test_a_letter_that_waits_can_be_sent_back_or_given_up(status: Status) -> None:
    assert why_not_redrive(status, "metrics", services=SERVICES) is None
    assert why_not_discard(status) is None


@pytest.mark.parametrize("status", [Status.REDRIVEN, Status.RESOLVED, Status.DISCARDED])
def test_a_letter_that_does_not_wait_can_be_neither(status: Status) -> None:
    assert status in (why_not_redrive(status, "metrics", services=SERVICES) or "")
    assert status in (why_not_discard(status) or "")


def test_a_letter_of_an_unknown_service_has_no_way_back_but_can_be_given_up() -> None:
    assert "do not say which service" in (
        why_not_redrive(Status.OPEN, None, services=SERVICES) or ""
    )
    assert why_not_discard(Status.OPEN) is None


def test_a_service_that_was_made_up_gets_nothing() -> None:
    assert why_not_redrive(Status.OPEN, "dlq", services=SERVICES) == (
        "'dlq' has no retry topic; those that have one are audit, metrics"
    )


@pytest.mark.parametrize(
    ("redrives", "status"), [(1, Status.OPEN), (4, Status.OPEN), (5, Status.PARKED)]
)
def test_a_letter_is_parked_when_it_failed_often_enough(redrives: int, status: Status) -> None:
    assert after_failing_again(redrive_count=redrives, max_redrives=5) is status


def test_a_letter_without_its_value_has_nothing_to_send_back_but_can_be_given_up() -> None:
    why_not = why_not_redrive(Status.OPEN, "metrics", services=SERVICES, claim="source/3/42")

    assert "lies at source/3/42" in (why_not or "")
    assert why_not_discard(Status.OPEN) is None
