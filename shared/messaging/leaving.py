# SPDX-License-Identifier: Apache-2.0
"""How a consumer leaves a group that is forming anew: not at all, where the broker cannot bear it.

The embedded broker goes on waiting for the leader of a forming group that has left it, so that
nobody in the group is given anything. A member that just falls silent is put out when its session
is over, as one is that was killed. aiokafka has no setting for this.
"""

from typing import Any

from aiokafka.errors import KafkaError
from aiokafka.protocol.group import HeartbeatRequest


def leave_only_when_formed(consumer: Any) -> None:
    """Have a consumer of aiokafka that stops tell a group so only if it is not forming."""
    coordinator = consumer._coordinator  # noqa: SLF001 -- there is no other way to it
    leave = coordinator._maybe_leave_group  # noqa: SLF001

    async def leave_if_formed() -> None:
        if await _is_formed(coordinator):
            await leave()

    coordinator._maybe_leave_group = leave_if_formed  # noqa: SLF001


async def _is_formed(coordinator: Any) -> bool:
    """Tell whether the group is still the one that gave this member its partitions.

    A member that has joined again and still waits for its partitions belongs to one that is
    forming, however well it is answered.
    """
    if coordinator._subscription.reassignment_in_progress:  # noqa: SLF001
        return False
    beat = HeartbeatRequest(coordinator.group_id, coordinator.generation, coordinator.member_id)
    try:
        answer = await coordinator._send_req(beat)  # noqa: SLF001
    except KafkaError:
        return False
    return not answer.error_code
