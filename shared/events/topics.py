# SPDX-License-Identifier: Apache-2.0
"""The one table of topics: what goes where, and how long it is kept."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from shared.events.base import Event, EventLevel

CONSUMING_SERVICES = ("orchestrator", "persistence", "audit", "metrics", "agent_context")
"""The services that handle events, each with a retry topic of its own."""


MEBIBYTE = 1024 * 1024
MAX_EVENT_RECORD_BYTES = 2 * MEBIBYTE
MAX_DEAD_LETTER_BYTES = 4 * MEBIBYTE
"""More than an event may have, so that a record with all that is known of its failure fits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicSpecification:
    """A topic as it has to exist; the retention is None for ever."""

    name: str
    retention: timedelta | None
    compacted: bool = False
    max_record_bytes: int = MAX_EVENT_RECORD_BYTES

    def config(self) -> Mapping[str, str]:
        """Return the topic's configuration in Kafka's own names."""
        kept = -1 if self.retention is None else int(self.retention.total_seconds() * 1000)
        return {
            "retention.ms": str(kept),
            "cleanup.policy": "compact" if self.compacted else "delete",
            "max.message.bytes": str(self.max_record_bytes),
        }


@dataclass(frozen=True, slots=True)
class Topics:
    """The names of the topics of one installation."""

    prefix: str = "agent-runtime"

    @property
    def domain(self) -> str:
        """Return the topic of domain events."""
        return f"{self.prefix}.domain"

    @property
    def infrastructure(self) -> str:
        """Return the topic of infrastructure events."""
        return f"{self.prefix}.infrastructure"

    @property
    def dead_letters(self) -> str:
        """Return the topic of what could not be handled."""
        return f"{self.prefix}.dlq"

    def retry(self, service: str) -> str:
        """Return the topic that brings dead letters back to ``service``, and to it alone."""
        return f"{self.prefix}.{service}.retry"

    def for_event(self, event: Event | type[Event]) -> str:
        """Return the topic of an event."""
        return self.domain if event.level is EventLevel.DOMAIN else self.infrastructure

    def specifications(self) -> Iterable[TopicSpecification]:
        """Return every topic that has to exist."""
        month = timedelta(days=30)
        yield TopicSpecification(name=self.domain, retention=None)
        yield TopicSpecification(name=self.infrastructure, retention=month)
        yield _for_failures(self.dead_letters, month)
        for service in CONSUMING_SERVICES:
            yield _for_failures(self.retry(service), month)


def _for_failures(name: str, retention: timedelta) -> TopicSpecification:
    return TopicSpecification(
        name=name, retention=retention, max_record_bytes=MAX_DEAD_LETTER_BYTES
    )
