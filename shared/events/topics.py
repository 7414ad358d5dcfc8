# SPDX-License-Identifier: Apache-2.0
"""The one table of topics: what goes where, and how long it is kept."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from shared.events.base import Event, EventLevel

CONSUMING_SERVICES = ("orchestrator", "persistence", "audit", "metrics", "agent_context")
"""The services that handle events, each with a retry topic of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicSpecification:
    """A topic as it has to exist; the retention is None for ever."""

    name: str
    retention: timedelta | None
    compacted: bool = False

    def config(self) -> Mapping[str, str]:
        """Return the topic's configuration in Kafka's own names."""
        kept = -1 if self.retention is None else int(self.retention.total_seconds() * 1000)
        return {
            "retention.ms": str(kept),
            "cleanup.policy": "compact" if self.compacted else "delete",
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
        yield TopicSpecification(name=self.dead_letters, retention=month)
        for service in CONSUMING_SERVICES:
            yield TopicSpecification(name=self.retry(service), retention=month)
