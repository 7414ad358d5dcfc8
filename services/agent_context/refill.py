# SPDX-License-Identifier: Apache-2.0
"""Makes every context again from the topics."""

from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass

from services.agent_context.arrivals import SERVICE
from services.agent_context.handlers import AgentContextSubscriber
from shared.events import DeadLetterDiscarded, DeadLetterEdited, Topics
from shared.events.infrastructure.operations import DeadLetterEvent
from shared.messaging import Record, deliver, headers as names
from shared.messaging.replay import read_topics, replay
from shared.settings import KafkaSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Refill:
    """Applies everything in the topics, as far back as they reach.

    What was discarded, or replaced by an edited copy, is left out, although it may be applicable by
    now: the contexts come to what they were. So it is looked up first, since an operator decided it
    after the event had come.

    ``subscriber`` returns a subscriber that writes with the token it is given.
    """

    kafka: KafkaSettings
    topics: Topics
    subscriber: Callable[[str], AgentContextSubscriber]

    async def __call__(self, token: str) -> int:
        """Apply with the token of a rebuild; return how many events there were."""
        left_out = await self._left_out()
        subscriber = self.subscriber(token)
        topics = (self.topics.domain, self.topics.infrastructure, self.topics.retry(SERVICE))
        events = await replay(
            self.kafka, topics, subscriber, wanted=lambda record: _id(record) not in left_out
        )
        await subscriber.skip_lost()
        return events

    async def _left_out(self) -> set[bytes]:
        """Return the ids of the events that something else stands for, in this service."""
        found: set[bytes] = set()
        async with aclosing(read_topics(self.kafka, [self.topics.infrastructure])) as records:
            async for record in records:
                if not _is_decision(record):
                    continue
                event = deliver(record).event
                if isinstance(event, DeadLetterEvent) and event.service == SERVICE:
                    found.add((event.dead_event_id or "").encode())
        return found


def _is_decision(record: Record) -> bool:
    """Tell it by the header, in whichever version: most records are something else."""
    type_name = (_header(record, names.TYPE) or b"").decode(errors="replace")
    return DeadLetterDiscarded.is_named(type_name) or DeadLetterEdited.is_named(type_name)


def _id(record: Record) -> bytes | None:
    return _header(record, names.ID)


def _header(record: Record, wanted: str) -> bytes | None:
    return next((value for name, value in record.headers if name == wanted), None)
