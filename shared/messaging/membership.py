# SPDX-License-Identifier: Apache-2.0
"""Who a consumer is in its group, and that it commits as nobody else.

While no broker answers, aiokafka tries a commit again and again, as whoever the consumer is by
then: nobody, whom an empty group believes, or another member. While it joins a group anew, it still
hands out what it has read before. And a broker that has forgotten everything, as the embedded one
has when it is started again, lets a member that was joining have its old name and even its old
generation. It would take offsets from before for those of its own records, and nobody would read
what it has at lower ones.
"""

from collections.abc import Callable
from typing import Any

from aiokafka.errors import UnknownMemberIdError


class Membership:
    """One time for which a consumer of aiokafka has partitions of its group.

    It begins when they are given to it. Two are never the same, whatever the broker calls them.
    """

    def __init__(self, consumer: Any) -> None:
        self._coordinator = consumer._coordinator  # noqa: SLF001 -- there is no other way to it
        self._name = self._name_now

    @property
    def lasts(self) -> bool:
        """Whether the consumer has not been put out of the group since."""
        return self._name_now == self._name

    @property
    def _name_now(self) -> tuple[int, str]:
        return self._coordinator.generation, self._coordinator.member_id


def commit_only_as(consumer: Any, member: Callable[[], Membership | None]) -> None:
    """Have a consumer commit only while it is ``member``, however often it tries.

    Otherwise a commit raises an error of the client library, and the records come again.
    """
    coordinator = consumer._coordinator  # noqa: SLF001
    commit = coordinator._do_commit_offsets  # noqa: SLF001

    async def commit_as_member(assignment: object, offsets: object) -> None:
        membership = member()
        if membership is None or not membership.lasts:
            raise UnknownMemberIdError(coordinator.group_id)
        await commit(assignment, offsets)

    coordinator._do_commit_offsets = commit_as_member  # noqa: SLF001
