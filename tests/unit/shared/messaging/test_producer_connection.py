# SPDX-License-Identifier: Apache-2.0
from collections.abc import Sequence
from typing import Any

import pytest
from aiokafka.errors import MessageSizeTooLargeError
from aiokafka.partitioner import DefaultPartitioner
from hypothesis import given, strategies as st

from shared.messaging.producer_connection import Connection, partition_of
from shared.messaging.records import OutgoingRecord


class FakeBatch:
    """A batch with room for so many records."""

    def __init__(self, room: int) -> None:
        self.values: list[bytes | None] = []
        self._room = room

    def append(self, *, value: bytes | None, **_: Any) -> object:
        if len(self.values) == self._room:
            return None
        self.values.append(value)
        return object()

    def size(self) -> int:
        return len(self.values)

    def close(self) -> None:
        pass


class FakeProducer:
    def __init__(self, room: int) -> None:
        self._room = room

    def create_batch(self) -> FakeBatch:
        return FakeBatch(self._room)


def batches_of(records: Sequence[OutgoingRecord], *, room: int) -> list[list[bytes | None]]:
    batches = Connection(FakeProducer(room), max_bytes=4)._batches(records)
    return [each.values for each in batches]


@given(st.binary(max_size=80), st.integers(1, 40))
def test_a_key_goes_where_the_client_library_sends_it(key: bytes, count: int) -> None:
    partitions = list(range(count))

    assert partition_of(key, partitions) == DefaultPartitioner()(key, partitions, partitions)


def test_a_record_without_a_key_goes_anywhere() -> None:
    assert {partition_of(None, [3, 4]) for _ in range(100)} == {3, 4}


def test_a_full_batch_is_followed_by_another_in_order() -> None:
    records = [OutgoingRecord("topic", b"k", b"%d" % number, ()) for number in range(5)]

    assert batches_of(records, room=2) == [[b"0", b"1"], [b"2", b"3"], [b"4"]]


def test_a_record_that_is_too_large_is_refused_also_as_the_first_of_a_batch() -> None:
    """Safeguard: the size of each batch is looked at, since an empty one takes any record."""
    records = [OutgoingRecord("topic", b"k", b"%d" % number, ()) for number in range(5)]

    with pytest.raises(MessageSizeTooLargeError):
        batches_of(records, room=5)


def test_a_record_that_no_batch_has_room_for_is_not_lost_silently() -> None:
    """Safeguard: whether the new batch took the record is looked at, too."""
    with pytest.raises(MessageSizeTooLargeError):
        batches_of([OutgoingRecord("topic", b"k", b"x", ())], room=0)
