# SPDX-License-Identifier: Apache-2.0
"""Takes the content out of records that are yet to be published, or may be again."""

from dataclasses import replace
from typing import Final

from shared.events import SessionErased, SessionErasedEvent
from shared.events.content import without_content
from shared.messaging import headers as names
from shared.messaging.headers import Headers
from shared.messaging.records import OutgoingRecord

ORDERS: Final = frozenset({SessionErased.type_name(), SessionErasedEvent.type_name()})
"""The types of the orders to erase, which have no content: they prove that it was right."""


def erased(record: OutgoingRecord) -> OutgoingRecord:
    """Return a record without its content, marked as such; the same one if it has none.

    Foreign headers, and what was said of an earlier failure, go too: they may quote what it said.
    """
    value = record.value and without_content(record.value)
    headers = known_headers(record.headers)
    if value != record.value and not is_erased(headers):
        headers = (*headers, (names.ERASED, b"true"))
    return replace(record, value=value, headers=headers)


def known_headers(headers: Headers) -> Headers:
    """Return the headers that quote nothing of what a record says."""
    return tuple(each for each in headers if each[0] in names.KEPT_HEADERS)


def is_erased(headers: Headers) -> bool:
    """Tell whether the content was taken out of a record before it was published."""
    return any(name == names.ERASED for name, _ in headers)
