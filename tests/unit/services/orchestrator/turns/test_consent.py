# SPDX-License-Identifier: Apache-2.0
"""An approval holds for one call, with the arguments and under the rules that were decided on."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from services.orchestrator.store.approvals import ApprovalState
from services.orchestrator.turns import consent

APPROVED = {
    "state": ApprovalState.APPROVED,
    "consumed_at": None,
    "decided_digest": "a" * 64,
    "policy_version": "v1",
}


def holds(**changed: object) -> bool:
    approval: Any = SimpleNamespace(**{**APPROVED, **changed})
    effect: Any = SimpleNamespace(arguments_digest="a" * 64)
    policy: Any = SimpleNamespace(version="v1")
    return consent._holds(approval, effect, policy)


@pytest.mark.parametrize("state", [ApprovalState.APPROVED, ApprovalState.EDITED])
def test_what_was_decided_on_is_allowed(state: ApprovalState) -> None:
    assert holds(state=state)


@pytest.mark.parametrize(
    "changed",
    [
        {"state": ApprovalState.OPEN},
        {"state": ApprovalState.REJECTED},
        {"consumed_at": datetime(2026, 1, 1, tzinfo=UTC)},
        {"decided_digest": "b" * 64},
        {"policy_version": "v2"},
    ],
    ids=["undecided", "rejected", "used up", "other arguments", "other rules"],
)
def test_nothing_else_is(changed: dict[str, object]) -> None:
    """P14: used again, altered, outlived. Safeguard: each line of ``_holds``."""
    assert not holds(**changed)
