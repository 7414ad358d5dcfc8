# SPDX-License-Identifier: Apache-2.0
"""The three ledgers of the service, and how they are filled from the log."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from services.metrics.ledger import Keep, Ledger, Store, trusting
from services.metrics.rollup import rollup
from services.metrics.session_lifecycle import COUNTED, session_lifecycle
from services.metrics.session_rollup import session_rollup
from shared.messaging import Delivery
from shared.messaging.replay import replay
from shared.settings import KafkaSettings

TOTALS: Final = "totals"
SESSIONS: Final = "sessions"
DOMAIN: Final = "domain"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledgers:
    """One for each who counts, so that what one could not count holds up no other."""

    totals: Ledger
    sessions: Ledger
    domain: Ledger

    def all(self) -> tuple[Ledger, ...]:
        """Return them all."""
        return (self.totals, self.sessions, self.domain)


def ledgers(store: Store, *, keep: Keep = trusting) -> Ledgers:
    """Return the ledgers of ``store``."""
    return Ledgers(
        totals=Ledger(name=TOTALS, fold=rollup, store=store, keep=keep),
        sessions=Ledger(name=SESSIONS, fold=session_rollup, store=store, keep=keep),
        domain=Ledger(name=DOMAIN, fold=session_lifecycle, store=store, wants=COUNTED, keep=keep),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Recount:
    """Counts everything in the topics, as far back as they reach."""

    kafka: KafkaSettings
    topics: Sequence[str]
    ledgers: Ledgers

    async def __call__(self, token: str) -> int:
        """Count with the token of a rebuild; return how many events there were."""
        return await replay(self.kafka, self.topics, _Recounting(self.ledgers, token))


class _Recounting:
    """A sink that counts in every ledger."""

    def __init__(self, ledgers: Ledgers, token: str) -> None:
        self._ledgers = ledgers
        self._token = token

    async def apply(self, deliveries: Sequence[Delivery]) -> None:
        """Count the events, each once."""
        events = [delivery.event for delivery in deliveries if delivery.event]
        for ledger in self._ledgers.all():
            await ledger.recount(events, self._token)
