# SPDX-License-Identifier: Apache-2.0
"""What a bus tells whoever watches it: spans and figures."""

from collections.abc import Generator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from shared.events import Event
from shared.messaging.headers import Headers
from shared.messaging.records import Delivery, OutgoingRecord


class Observer(Protocol):
    """Watches a bus."""

    def sending(
        self, record: OutgoingRecord, event: Event | None = None
    ) -> AbstractContextManager[Headers]:
        """Surround the sending of a record; gives the headers to send it with."""
        ...

    def processing(self, deliveries: Sequence[Delivery]) -> AbstractContextManager[None]:
        """Surround the processing of a batch."""
        ...

    def handling(self, delivery: Delivery) -> AbstractContextManager[None]:
        """Surround the handlers of one delivery, inside ``processing``."""
        ...

    def retried(self, error: Exception) -> None:
        """Note that work will be tried again because of ``error``."""
        ...

    def dead_lettered(self, delivery: Delivery, error: Exception, *, kind: str) -> None:
        """Note that a delivery became a dead letter."""
        ...

    def lag(self, topic: str, partition: int, *, records: int) -> None:
        """Note how many records of a partition are still to be read."""
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
    def processing(self, deliveries: Sequence[Delivery]) -> Generator[None]:
        """Do nothing."""
        yield

    @contextmanager
    def handling(self, delivery: Delivery) -> Generator[None]:
        """Do nothing."""
        yield

    def retried(self, error: Exception) -> None:
        """Do nothing."""

    def dead_lettered(self, delivery: Delivery, error: Exception, *, kind: str) -> None:
        """Do nothing."""

    def lag(self, topic: str, partition: int, *, records: int) -> None:
        """Do nothing."""

    def commit_failed(self, error: Exception) -> None:
        """Do nothing."""
