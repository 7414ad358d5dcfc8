# SPDX-License-Identifier: Apache-2.0
"""A record that the dead letter queue refuses as too large is dealt with and not lost."""

import asyncio
import hashlib
from collections.abc import Callable

import pytest

from shared.errors import DecodingError, PermanentError, RecordTooLargeError
from shared.events import Event, MessageReceived, Topics
from shared.messaging import OutgoingRecord, Record, decode, encode, headers as names
from shared.messaging.guard import Guard
from shared.messaging.headers import readable
from shared.messaging.processing import BatchProcessor, ConsumerIdentity
from shared.messaging.subscriptions import Subscriptions
from tests.support.eventually import eventually
from tests.support.factories import an_event

TOPICS = Topics()
SENT = encode(an_event(MessageReceived).recorded(sequence=1, source="/test"), TOPICS)
VALUE = SENT.value or b""


def record(*, key: bytes | None = b"session-1", extra: bytes = b"") -> Record:
    headers = (*SENT.headers, ("extra", extra))
    return Record(TOPICS.domain, 3, 42, 0, key, VALUE, headers)


def size(letter: OutgoingRecord) -> int:
    own = sum(len(name) + len(value or b"") for name, value in letter.headers)
    return own + len(letter.key or b"") + len(letter.value or b"")


class Queue:
    """A dead letter queue that takes what ``fits``."""

    def __init__(self, fits: Callable[[OutgoingRecord], bool]) -> None:
        self.fits = fits
        self.letters: list[OutgoingRecord] = []
        self.refused = 0

    async def write(self, record: OutgoingRecord) -> None:
        if not self.fits(record):
            self.refused += 1
            raise RecordTooLargeError(f"{size(record)} bytes")
        self.letters.append(record)


def everything(_: OutgoingRecord) -> bool:
    return True


async def fail(_: Event) -> None:
    raise PermanentError("no")


def processor(queue: Queue) -> BatchProcessor:
    subscriptions = Subscriptions()
    subscriptions.subscribe(None, fail, 0)
    return BatchProcessor(
        identity=ConsumerIdentity(service="audit", group="audit", version=""),
        subscriptions=subscriptions,
        dead_letters=queue,
        topics=TOPICS,
        guard=Guard(),
    )


async def test_where_the_value_does_not_fit_the_letter_says_where_it_lies() -> None:
    """Safeguard: the smaller letters; without them the consumer would wait for ever."""
    queue = Queue(lambda letter: letter.value is None)

    await processor(queue).process([record()])

    (letter,) = queue.letters
    headers = readable(letter.headers)
    assert letter.key == b"session-1"
    assert headers[names.CLAIM_CHECK] == f"{TOPICS.domain}/3/42"
    assert headers[names.CLAIMED_VALUE_BYTES] == str(len(VALUE))
    assert headers[names.CLAIMED_VALUE_SHA256] == hashlib.sha256(VALUE).hexdigest()
    assert headers[names.ERROR_CLASS].endswith("PermanentError")
    assert headers[names.ORIGIN_OFFSET] == "42"
    assert letter.headers[: len(SENT.headers)] == SENT.headers


async def test_where_the_headers_do_not_fit_either_they_are_left_out_with_their_digest() -> None:
    queue = Queue(lambda letter: size(letter) < 16_384)

    await processor(queue).process([record(key=b"k" * 100_000, extra=b"x" * 100_000)])

    (letter,) = queue.letters
    headers = readable(letter.headers)
    assert letter.key is None
    assert names.ID not in headers
    assert int(headers[names.CLAIMED_HEADERS_BYTES]) > 100_000
    assert headers[names.CLAIM_CHECK] == f"{TOPICS.domain}/3/42"
    assert headers[names.ORIGIN_TOPIC] == TOPICS.domain


async def test_what_fits_is_written_as_it_is() -> None:
    queue = Queue(everything)

    await processor(queue).process([record()])

    assert [letter.value for letter in queue.letters] == [VALUE]
    assert names.CLAIM_CHECK not in readable(queue.letters[0].headers)


async def test_where_nothing_fits_the_consumer_waits_and_goes_on_when_something_does() -> None:
    """Safeguard: even the smallest letter is waited for, so that nothing is committed past it."""
    queue = Queue(lambda _: False)
    processing = processor(queue)

    task = asyncio.create_task(processing.process([record()]))
    reason = await eventually(lambda: processing.guard.pause.reason)
    waits = not task.done()
    queue.fits = everything
    await asyncio.wait_for(task, 10)

    assert waits
    assert reason.startswith(f"{TOPICS.dead_letters} takes no dead letter")
    assert len(queue.letters) == 1


def test_a_letter_without_its_value_that_is_redriven_says_where_the_value_lies() -> None:
    claim = ((names.CLAIM_CHECK, b"source/3/42"),)

    with pytest.raises(DecodingError, match="it lies at source/3/42") as raised:
        decode(Record("retry", 0, 0, 0, b"k", None, claim))

    assert raised.value.kind == "oversize"
