# SPDX-License-Identifier: Apache-2.0
"""What takes events in batches."""

from collections.abc import Sequence
from typing import Literal, Protocol

from shared.messaging.records import Delivery

Undecodable = Literal["dead_letter", "deliver"]
"""What becomes of records that hold no event: dead letters, or deliveries with a problem."""


class Sink(Protocol):
    """Applies deliveries to a store.

    It neither retries nor dead-letters nor traces; it raises, and what surrounds it does the rest.
    """

    async def apply(self, deliveries: Sequence[Delivery]) -> int | None:
        """Apply all deliveries durably, each at most once ever, or none of them.

        Returns how many had been applied before and were dropped, where the sink knows.

        Raises:
            PermanentError: no repetition can help.
            TransientError: a repetition may help.
            DependencyDownError: a server does not answer.
        """
        ...
