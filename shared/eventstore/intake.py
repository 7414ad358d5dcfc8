# SPDX-License-Identifier: Apache-2.0
"""From what a bus delivers to what a store takes. No I/O."""

from collections.abc import Iterable

from shared.errors import PermanentError
from shared.eventstore.entries import Entry, entry_of
from shared.messaging.records import Delivery


def entries_of(deliveries: Iterable[Delivery]) -> list[Entry]:
    """Return the rows of what was delivered.

    Raises:
        PermanentError: a delivery holds no event, or one that cannot be stored as it is.
    """
    return [_entry(delivery) for delivery in deliveries]


def _entry(delivery: Delivery) -> Entry:
    if delivery.event is None:
        raise delivery.problem or PermanentError(f"{delivery.record} holds no event")
    return entry_of(delivery.event, delivery.record)
