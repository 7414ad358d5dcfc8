# SPDX-License-Identifier: Apache-2.0
"""What a relay publishes to, and a relay that runs while a test needs it."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

from shared.messaging import OutgoingRecord
from shared.outbox import OutboxRelay


class Cluster:
    """A broker that keeps what is written to it, and can be down or replaced by another."""

    def __init__(self, cluster_id: str = "first") -> None:
        self.id = cluster_id
        self.records: list[OutgoingRecord] = []
        self.failure: Exception | None = None
        self.refused = 0

    async def write_all(self, records: Sequence[OutgoingRecord]) -> None:
        self._answer()
        self.records.extend(records)

    async def cluster_id(self) -> str:
        self._answer()
        return self.id

    def _answer(self) -> None:
        if self.failure:
            self.refused += 1
            raise self.failure

    def values(self, key: bytes | None = None) -> list[bytes | None]:
        """Return the values written, of one key or all."""
        return [each.value for each in self.records if key is None or each.key == key]


@asynccontextmanager
async def running(relay: OutboxRelay) -> AsyncGenerator[OutboxRelay]:
    """Give the relay while it runs."""
    await relay.start()
    try:
        yield relay
    finally:
        await relay.stop()


def record(value: str, *, key: str = "session-1") -> OutgoingRecord:
    """Return a record with a repeated header and one without a value."""
    headers = (("a", b"1"), ("a", b"2"), ("nothing", None))
    return OutgoingRecord("topic", key.encode(), value.encode(), headers)
