# SPDX-License-Identifier: Apache-2.0
"""Who a consumer is in its group, and that it commits as nobody else.

While no broker answers, aiokafka tries a commit again and again, as whoever the consumer is by
then: nobody, whom an empty group believes, or another member. A broker that has forgotten
everything, as the embedded one has when it is started again, would take offsets from before for
those of its own records, and nobody would read what it has at lower ones.
"""

from collections.abc import Callable
from typing import Any

from aiokafka.errors import UnknownMemberIdError

Membership = tuple[int, str]
"""A generation of the group, below 0 outside of it, and the name of the member in it."""


def membership_of(consumer: Any) -> Membership:
    """Return who a consumer of aiokafka is in its group now."""
    coordinator = consumer._coordinator  # noqa: SLF001 -- there is no other way to it
    return coordinator.generation, coordinator.member_id


def commit_only_as(consumer: Any, member: Callable[[], Membership | None]) -> None:
    """Have a consumer commit only while it is ``member``, however often it tries.

    Otherwise a commit raises an error of the client library, and the records come again.
    """
    coordinator = consumer._coordinator  # noqa: SLF001
    commit = coordinator._do_commit_offsets  # noqa: SLF001

    async def commit_as_member(assignment: object, offsets: object) -> None:
        now = membership_of(consumer)
        if now != member() or now[0] < 0:
            raise UnknownMemberIdError(coordinator.group_id)
        await commit(assignment, offsets)

    coordinator._do_commit_offsets = commit_as_member  # noqa: SLF001
