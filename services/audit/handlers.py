# SPDX-License-Identifier: Apache-2.0
"""What this service does with every record: it goes into the log of its partition."""

import os
from collections.abc import Callable, Iterable, Sequence

from services.audit.cluster_watch import AskClusterId, ClusterWatch
from services.audit.store.log_writer import LogWriter
from services.audit.trail.appending import Observation
from services.audit.trail.entry import (
    SALT_BYTES,
    UNFIT,
    Contents,
    Entry,
    EventIdentity,
    origin,
    pack_headers,
)
from shared.messaging import Delivery
from shared.messaging.codec import written_type


class AuditLogger:
    """Accounts for every offset of every partition, whatever bytes the record has.

    Nothing in a record can make it fail. What holds no event is logged as well, with the reason.
    """

    def __init__(
        self,
        writer: LogWriter,
        *,
        ask_cluster_id: AskClusterId,
        on_growth: Callable[[Iterable[int]], None],
    ) -> None:
        self._writer = writer
        self._clusters = ClusterWatch(ask_cluster_id)
        self._on_growth = on_growth

    async def apply(self, deliveries: Sequence[Delivery]) -> int:
        """Log all deliveries durably, each at most once ever, or none of them.

        Return how many had been logged before.

        Raises:
            DependencyDownError: the database or the broker does not answer.
        """
        records = [delivery.record for delivery in deliveries]
        cluster_id = await self._clusters.cluster_id(records)
        growth = await self._writer.append(
            [observe(delivery, cluster_id=cluster_id) for delivery in deliveries]
        )
        self._clusters.passed(records)
        self._on_growth(growth.log_ids)
        return len(records) - growth.appended


def observe(delivery: Delivery, *, cluster_id: str) -> Observation:
    """Return what the log will say of a record, under a new salt."""
    record = delivery.record
    event, problem = _identify(delivery)
    contents = Contents(
        salt=os.urandom(SALT_BYTES),
        key=record.key,
        value=record.value,
        headers=pack_headers(record.headers),
    )
    entry = Entry(
        event=event,
        headers_digest=contents.headers_digest(),
        offset=record.offset,
        origin=origin(cluster_id=cluster_id, topic=record.topic, partition=record.partition),
        payload_digest=contents.payload_digest(),
        problem=problem,
        timestamp=record.timestamp,
    )
    return Observation.of(entry, contents)


def _identify(delivery: Delivery) -> tuple[EventIdentity | None, str | None]:
    """Return the event, or else the problem in reading one."""
    if delivery.event is None:
        return None, delivery.problem.kind.value if delivery.problem else UNFIT
    written = written_type(delivery.event, delivery.record)
    identity = EventIdentity.of(delivery.event, written_type=written)
    return (identity, None) if identity.is_fit() else (None, UNFIT)
