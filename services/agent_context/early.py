# SPDX-License-Identifier: Apache-2.0
"""Events that arrived before those that come before them, kept as the records they were."""

import json
from collections.abc import Iterator, Mapping

from shared.events import Event
from shared.messaging import OutgoingRecord, Record, decode


def pack(record: Record | OutgoingRecord) -> bytes:
    """Return the part of a record that says which event it holds."""
    headers = [(name, (value or b"").decode()) for name, value in record.headers]
    packed = {"headers": headers, "value": (record.value or b"").decode()}
    return json.dumps(packed, ensure_ascii=False, separators=(",", ":")).encode()


def unpack(packed: bytes) -> Event:
    """Return the event, brought up to date if its version is an old one by now.

    Raises:
        DecodingError: this program cannot read it.
    """
    kept = json.loads(packed)
    record = Record(
        topic="",
        partition=0,
        offset=0,
        timestamp=0,
        key=None,
        value=kept["value"].encode(),
        headers=tuple((name, value.encode()) for name, value in kept["headers"]),
    )
    return decode(record, max_bytes=len(packed))


class Early(Mapping[int, Event]):
    """Events by their numbers, each read only when it is wanted."""

    def __init__(self, packed: Mapping[int, bytes]) -> None:
        self._packed = packed

    def __getitem__(self, number: int) -> Event:
        return unpack(self._packed[number])

    def __contains__(self, number: object) -> bool:
        return number in self._packed

    def __iter__(self) -> Iterator[int]:
        return iter(self._packed)

    def __len__(self) -> int:
        return len(self._packed)
