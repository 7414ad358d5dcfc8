# SPDX-License-Identifier: Apache-2.0
"""Takes every event from the bus."""

from collections.abc import Sequence

from services.persistence.store import PersistenceStore
from shared.messaging import Delivery


class PersistenceSubscriber:
    """Stores every event of both levels, in batches, and keeps the read models current."""

    def __init__(self, store: PersistenceStore) -> None:
        self._store = store

    async def apply(self, deliveries: Sequence[Delivery]) -> int:
        """Store all deliveries, each at most once ever, or none of them.

        Return how many were stored before.
        """
        return await self._store.apply(deliveries)
