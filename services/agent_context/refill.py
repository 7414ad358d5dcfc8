# SPDX-License-Identifier: Apache-2.0
"""Makes every context again from the topics."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from services.agent_context.handlers import AgentContextSubscriber
from shared.messaging.replay import replay
from shared.settings import KafkaSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Refill:
    """Applies everything in the topics, as far back as they reach.

    ``subscriber`` returns a subscriber that writes with the token it is given.
    """

    kafka: KafkaSettings
    topics: Sequence[str]
    subscriber: Callable[[str], AgentContextSubscriber]

    async def __call__(self, token: str) -> int:
        """Apply with the token of a rebuild; return how many events there were."""
        subscriber = self.subscriber(token)
        events = await replay(self.kafka, self.topics, subscriber)
        await subscriber.skip_lost()
        return events
