# SPDX-License-Identifier: Apache-2.0
"""Whom a member that stops tells of it."""

from types import SimpleNamespace
from typing import Any

import pytest

from shared.messaging.leaving import leave_only_when_formed


class Coordinator:
    """What the client library keeps of a group, as far as it is looked at."""

    def __init__(self, *, joining: bool, error_code: int) -> None:
        self.group_id, self.generation, self.member_id = "group", 3, "a member"
        self.left = False
        self._subscription = SimpleNamespace(reassignment_in_progress=joining)
        self._error_code = error_code

    async def _send_req(self, _: object) -> object:
        return SimpleNamespace(error_code=self._error_code)

    async def _maybe_leave_group(self) -> None:
        self.left = True


@pytest.mark.parametrize(
    ("joining", "error_code", "leaves"),
    [(False, 0, True), (False, 27, False), (True, 0, False)],
    ids=["formed", "others are joining", "it has joined again itself"],
)
async def test_a_member_leaves_a_group_that_is_formed_and_no_other(
    *, joining: bool, error_code: int, leaves: bool
) -> None:
    """Safeguard: both questions of ``_is_formed``; the broker waits for a leader that left."""
    coordinator: Any = Coordinator(joining=joining, error_code=error_code)
    leave_only_when_formed(SimpleNamespace(_coordinator=coordinator))

    await coordinator._maybe_leave_group()

    assert coordinator.left is leaves
