# SPDX-License-Identifier: Apache-2.0
import pytest

from services.persistence.settling import settled_approval, settled_call


@pytest.mark.parametrize(
    ("status", "turn", "settled"),
    [
        ("pending", "running", "pending"),
        ("pending", None, "pending"),
        ("pending", "cancelled", "cancelled"),
        ("approved", "cancelled", "approved"),
    ],
)
def test_a_question_ends_with_its_turn(status: str, turn: str | None, settled: str) -> None:
    assert settled_approval(status, turn=turn) == settled


@pytest.mark.parametrize(
    ("status", "approval", "turn", "settled"),
    [
        ("waiting", "pending", "waiting", "waiting"),
        ("waiting", "approved", "running", "waiting"),
        ("waiting", "rejected", "running", "rejected"),
        ("waiting", "expired", "running", "expired"),
        ("waiting", "pending", "cancelled", "cancelled"),
        ("requested", None, "cancelled", "cancelled"),
        ("running", None, "cancelled", "running"),
        ("succeeded", "rejected", "cancelled", "succeeded"),
        (None, None, None, None),
    ],
)
def test_a_call_ends_with_what_it_waits_for(
    status: str | None, approval: str | None, turn: str | None, settled: str | None
) -> None:
    assert settled_call(status, approval=approval, turn=turn) == settled
