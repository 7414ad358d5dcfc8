# SPDX-License-Identifier: Apache-2.0
"""Which cluster the records are of: not always the one of a moment ago."""

from collections.abc import Awaitable, Callable, Iterable
from math import inf

from shared.messaging import Record

AskClusterId = Callable[[], Awaitable[str]]


class ClusterWatch:
    """Knows the id of the cluster, and asks again when a partition is new or begins again.

    A broker in memory that is started anew is another cluster. Its offsets begin again, and belong
    to other logs than those before.
    """

    def __init__(self, ask: AskClusterId) -> None:
        self._ask = ask
        self._cluster_id = ""
        self._passed = dict[tuple[str, int], int]()

    async def cluster_id(self, records: Iterable[Record]) -> str:
        """Return the id of the cluster that ``records`` are of.

        Raises:
            DependencyDownError: no broker answers.
        """
        if not all(map(self._continues, records)):
            current = await self._ask()
            if current != self._cluster_id:
                self._passed.clear()
            self._cluster_id = current
        return self._cluster_id

    def passed(self, records: Iterable[Record]) -> None:
        """Note that ``records`` are logged."""
        for record in records:
            self._passed[record.topic, record.partition] = record.offset

    def _continues(self, record: Record) -> bool:
        return record.offset > self._passed.get((record.topic, record.partition), inf)
