# SPDX-License-Identifier: Apache-2.0
"""What a bus tells whoever watches it: spans and figures."""

from collections.abc import Generator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Literal, Protocol

from shared.events import Event
from shared.messaging.headers import Headers
from shared.messaging.outcomes import Outcomes
from shared.messaging.records import Delivery, OutgoingRecord, Record

RetryKind = Literal["transient", "dependency_down", "batch_fallback"]
"""Why work is repeated: it failed, its server is down, or its batch is applied in halves."""


class Observer(Protocol):
    """Watches a bus."""

    def sending(
        self, record: OutgoingRecord, event: Event | None = None
    ) -> AbstractContextManager[Headers]:
        """Surround the sending of a record; gives the headers to send it with."""
        ...

    def processing(
        self, deliveries: Sequence[Delivery], outcomes: Outcomes
    ) -> AbstractContextManager[None]:
        """Surround the processing of a batch; ``outcomes`` are known at its end."""
        ...

    def handling(self, delivery: Delivery) -> AbstractContextManager[None]:
        """Surround the handlers of one delivery, inside ``processing``."""
        ...

    def retried(self, kind: RetryKind) -> None:
        """Note that work will be tried again."""
        ...

    def waiting(self, dependency: str, waits: bool) -> None:
        """Note that work waits for a server from now on, or no longer."""
        ...

    def halted(self) -> None:
        """Note that the consumer has stopped until its process is started again."""
        ...

    def duplicates_dropped(self, records: int) -> None:
        """Note that the effects of records were there before."""
        ...

    def dead_lettered(self, delivery: Delivery, error: Exception, *, kind: str) -> None:
        """Note that a delivery became a dead letter."""
        ...

    def assigned(self, partitions: int) -> None:
        """Note how many partitions this process reads from now on."""
        ...

    def released(self, topic: str, partition: int) -> None:
        """Note that a partition is no longer ours to read."""
        ...

    def lag(self, topic: str, partition: int, *, records: int, waits_since: int | None) -> None:
        """Note how many records of a partition are not finished.

        ``waits_since`` is the timestamp of the oldest of them in milliseconds, or of the one
        before it where that is all that is known; None if all are finished.
        """
        ...

    def committing(self, records: Sequence[Record]) -> AbstractContextManager[None]:
        """Surround the commit of the offsets of ``records``."""
        ...

    def commit_failed(self, error: Exception) -> None:
        """Note that offsets could not be committed; the records will come again."""
        ...


class NullObserver:
    """Watches nothing."""

    @contextmanager
    def sending(self, record: OutgoingRecord, event: Event | None = None) -> Generator[Headers]:
        """Give the headers as they are."""
        yield record.headers

    @contextmanager
    def processing(self, deliveries: Sequence[Delivery], outcomes: Outcomes) -> Generator[None]:
        """Do nothing."""
        yield

    @contextmanager
    def handling(self, delivery: Delivery) -> Generator[None]:
        """Do nothing."""
        yield

    def retried(self, kind: RetryKind) -> None:
        """Do nothing."""

    def waiting(self, dependency: str, waits: bool) -> None:
        """Do nothing."""

    def halted(self) -> None:
        """Do nothing."""

    def duplicates_dropped(self, records: int) -> None:
        """Do nothing."""

    def dead_lettered(self, delivery: Delivery, error: Exception, *, kind: str) -> None:
        """Do nothing."""

    def assigned(self, partitions: int) -> None:
        """Do nothing."""

    def released(self, topic: str, partition: int) -> None:
        """Do nothing."""

    def lag(self, topic: str, partition: int, *, records: int, waits_since: int | None) -> None:
        """Do nothing."""

    @contextmanager
    def committing(self, records: Sequence[Record]) -> Generator[None]:
        """Do nothing."""
        yield

    def commit_failed(self, error: Exception) -> None:
        """Do nothing."""
