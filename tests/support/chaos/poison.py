# SPDX-License-Identifier: Apache-2.0
"""Records that hold no event, in every way that one can fail to."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from shared.events import MessageReceived, Topics
from shared.messaging import OutgoingRecord, encode, headers as names
from shared.messaging.headers import Headers
from shared.messaging.records import Record

READERS = ("orchestrator", "persistence", "metrics", "agent_context")
"""Who dead-letters what is no event; audit logs it with the reason."""

UNWANTED = "future version, unwanted"
READERS_OF_ALL = ("persistence", "metrics", "agent_context")
"""Who dead-letters what nobody reads yet; the orchestrator passes over what it has no use for."""

OVERSIZE_BYTES = 2 * 1024 * 1024 - 4096


@dataclass(frozen=True, slots=True)
class Content:
    """The bytes of a record, by which it is known again wherever it is."""

    key: bytes | None
    value: bytes | None
    headers: Headers


def content_of(record: OutgoingRecord | Record) -> Content:
    """Return the bytes of a record."""
    return Content(record.key, record.value, record.headers)


def readers_of(name: str) -> Collection[str]:
    """Return who dead-letters the poison that is named so, in whichever volley."""
    return READERS_OF_ALL if name.endswith(UNWANTED) else READERS


def letters_of(names: Iterable[str]) -> int:
    """Return how many dead letters the poison of these names makes."""
    return sum(len(readers_of(name)) for name in names)


def poison(topics: Topics, *, volley: int) -> Mapping[str, OutgoingRecord]:
    """Return a record of every kind; no two records, of one volley or of several, are alike."""
    session = f"poisoned-{volley}"
    event = MessageReceived(
        session_id=session, message_id="m", message_content="x", message_length=1, turn_id="t"
    )
    good = encode(event.recorded(sequence=1, source=f"/orchestrator/sessions/{session}"), topics)
    tag = str(volley).encode()
    domain = "agentruntime.domain"

    def header(name: str, value: bytes | None) -> OutgoingRecord:
        changed = tuple((each, value if each == name else old) for each, old in good.headers)
        return replace(good, headers=changed)

    records = {
        "null header": header(names.ID, None),
        "header of no UTF-8": header(names.SOURCE, b"\xff\xfe"),
        "header twice": replace(good, headers=(*good.headers, (names.ID, b"again"))),
        "no headers": replace(good, headers=()),
        "strange header": replace(good, headers=((b"\xc3\xa4".decode(), b"\xff"),), value=b"?"),
        "tombstone": replace(good, value=None),
        "empty": replace(good, value=b""),
        "no JSON": replace(good, value=b"{" + tag),
        "2 MB": replace(good, value=b"x" * OVERSIZE_BYTES),
        "unknown type": header(names.TYPE, f"{domain}.unheard_of.v1".encode()),
        "future version": header(names.TYPE, f"{domain}.session_deleted.v9".encode()),
        UNWANTED: header(names.TYPE, f"{domain}.message_received.v9".encode()),
        "no object": replace(good, value=b"[]"),
        "wrong fields": replace(good, value=b'{"session_id": "' + tag + b'"}'),
        "null key": OutgoingRecord(good.topic, None, b"nobody's " + tag, good.headers),
        "bytes for a key": replace(good, key=b"\xff" + tag, value=b"\x00\xff"),
        "infrastructure": replace(good, topic=topics.infrastructure, value=b"<xml/>" + tag),
    }
    return {
        name: _spread(each, good, number) for number, (name, each) in enumerate(records.items())
    }


def _spread(record: OutgoingRecord, good: OutgoingRecord, number: int) -> OutgoingRecord:
    """Return the record with a key of its own, if it has one, so that every replica gets some."""
    if record.key != good.key:
        return record
    return replace(record, key=(good.key or b"") + b"-%d" % number)
