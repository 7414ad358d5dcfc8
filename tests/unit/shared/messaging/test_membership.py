# SPDX-License-Identifier: Apache-2.0
"""What was read as one member is not committed as another."""

from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.errors import UnknownMemberIdError

from shared.messaging.membership import Membership, commit_only_as


class Coordinator:
    """What the client library keeps of a group, as far as it is looked at."""

    def __init__(self) -> None:
        self.group_id = "group"
        self.generation, self.member_id = 3, "a member"
        self.committed: list[object] = []

    async def _do_commit_offsets(self, _: object, offsets: object) -> None:
        self.committed.append(offsets)


@pytest.fixture
def coordinator() -> Coordinator:
    return Coordinator()


@pytest.fixture
def consumer(coordinator: Coordinator) -> Any:
    return SimpleNamespace(_coordinator=coordinator)


async def test_a_member_commits_what_it_has_read(coordinator: Coordinator, consumer: Any) -> None:
    member = Membership(consumer)
    commit_only_as(consumer, lambda: member)

    await coordinator._do_commit_offsets("assignment", "offsets")

    assert coordinator.committed == ["offsets"]


async def test_what_was_read_between_two_memberships_is_not_committed(
    coordinator: Coordinator, consumer: Any
) -> None:
    """Safeguard: that there is a membership at all."""
    commit_only_as(consumer, lambda: None)

    with pytest.raises(UnknownMemberIdError):
        await coordinator._do_commit_offsets("assignment", "offsets")


@pytest.mark.parametrize("later", [(-1, ""), (0, "another"), (4, "a member")])
async def test_a_commit_that_is_tried_again_is_not_made_as_somebody_else(
    coordinator: Coordinator, consumer: Any, later: tuple[int, str]
) -> None:
    """Safeguard: ``Membership.lasts``; a broker that has forgotten everything takes such offsets.

    It has other records at them, which nobody would read.
    """
    member = Membership(consumer)
    commit_only_as(consumer, lambda: member)
    coordinator.generation, coordinator.member_id = later

    with pytest.raises(UnknownMemberIdError):
        await coordinator._do_commit_offsets("assignment", "offsets")

    assert coordinator.committed == []
