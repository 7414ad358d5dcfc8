# SPDX-License-Identifier: Apache-2.0
import json
from dataclasses import replace
from hashlib import sha256
from uuid import UUID

import pytest
from hypothesis import given, strategies as st

from services.audit.trail.entry import (
    Contents,
    Entry,
    EventIdentity,
    origin,
    pack,
    pack_headers,
)
from services.audit.transparency import VerificationError
from shared.events import MessageReceived

EVENT_ID = UUID("01a20308-f0a9-743a-a870-e7dfb4db48e5")
CONTENTS = Contents(salt=bytes(32), key=b"s-1", value=b'{"a":1}', headers=pack_headers([]))
IDENTITY = EventIdentity(
    event_id=EVENT_ID,
    event_type="agentruntime.domain.session_created.v1",
    aggregate_id="s-1",
    session_id="s-1",
    sequence=1,
    correlation_id="c-1",
    causation_id=None,
)
ENTRY = Entry(
    origin=origin(cluster_id="4L6g3nShT-eMCtK--X86sw", topic="agent-runtime.domain", partition=3),
    offset=42,
    timestamp=1_763_800_000_000,
    headers_digest=CONTENTS.headers_digest(),
    payload_digest=CONTENTS.payload_digest(),
    problem=None,
    event=IDENTITY,
)

texts = st.text(max_size=20)
identities = st.builds(
    EventIdentity,
    event_id=st.uuids(),
    event_type=texts,
    aggregate_id=texts,
    session_id=st.none() | texts,
    sequence=st.integers(0, 2**63 - 1),
    correlation_id=texts,
    causation_id=st.none() | st.uuids(),
)
digests = st.binary(min_size=32, max_size=32)
entries = st.builds(
    Entry,
    origin=texts,
    offset=st.integers(0, 2**63 - 1),
    timestamp=st.integers(-1, 2**63 - 1),
    headers_digest=digests,
    payload_digest=digests,
    problem=st.none() | texts,
    event=st.none() | identities,
)
fields = st.none() | st.binary(max_size=20)
headers = st.lists(st.tuples(texts, fields), max_size=4)


def test_the_leaf_of_version_1_never_changes() -> None:
    assert ENTRY.leaf().decode() == (
        '{"event":{"aggregate_id":"s-1","correlation_id":"c-1",'
        '"event_id":"01a20308-f0a9-743a-a870-e7dfb4db48e5",'
        '"event_type":"agentruntime.domain.session_created.v1","sequence":1,"session_id":"s-1"},'
        '"headers_digest":"4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945",'
        '"offset":42,"origin":"agent-runtime/4L6g3nShT-eMCtK--X86sw/agent-runtime.domain/3",'
        '"payload_digest":"3358514a9c48d764941698c840733989a24c202f6d5d957eb9e3f413007525cc",'
        '"timestamp":1763800000000,"version":1}'
    )


@given(entries)
def test_a_leaf_is_json_in_canonical_form(entry: Entry) -> None:
    value = json.loads(entry.leaf())

    canonical = json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    assert entry.leaf() == canonical.encode()


@given(entries)
def test_a_leaf_reads_back_as_its_entry(entry: Entry) -> None:
    assert Entry.parse(entry.leaf()) == entry


@given(entries, entries)
def test_different_entries_have_different_leaves(one: Entry, other: Entry) -> None:
    assert (one == other) == (one.leaf() == other.leaf())


@pytest.mark.parametrize(
    "leaf",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"[]", id="no object"),
        pytest.param(b"[" * 100_000, id="nested without end"),
        pytest.param(ENTRY.leaf().replace(b'"version":1', b'"version":2'), id="another version"),
        pytest.param(
            ENTRY.leaf().replace(b'"version":1', b'"version":1,"x":1'), id="a field too many"
        ),
        pytest.param(ENTRY.leaf().replace(b'"offset":42', b'"offset": 42'), id="a space"),
        pytest.param(ENTRY.leaf().replace(b'"offset":42,', b""), id="a field too few"),
        pytest.param(ENTRY.leaf().replace(b'"sequence":1', b'"sequence":1.0'), id="a float"),
        pytest.param(ENTRY.leaf().replace(b"01a20308", b"01A20308"), id="an id in capitals"),
        pytest.param(ENTRY.leaf().replace(b"01a20308-", b"01a2030"), id="an id too short"),
        pytest.param(ENTRY.leaf().replace(b"4f53", b"4F53"), id="a digest in capitals"),
        pytest.param(ENTRY.leaf().replace(b"4f53", b"4f5"), id="half a byte"),
        pytest.param(ENTRY.leaf().replace(b"}", b',"problem":null}'), id="a null"),
        pytest.param(ENTRY.leaf().replace(b"s-1", b"\xff"), id="no UTF-8"),
        pytest.param(json.dumps([1] * 3).encode(), id="a list"),
    ],
)
def test_what_is_not_the_one_spelling_of_an_entry_is_refused(leaf: bytes) -> None:
    with pytest.raises(VerificationError):
        Entry.parse(leaf)


def test_the_commitment_to_a_payload_is_salted() -> None:
    resalted = replace(CONTENTS, salt=bytes([1]) * 32)

    assert CONTENTS.payload_digest() == sha256(bytes(32) + pack(b"s-1", b'{"a":1}')).digest()
    assert resalted.payload_digest() != CONTENTS.payload_digest()


@given(st.lists(fields, max_size=6), st.lists(fields, max_size=6))
def test_different_fields_never_pack_alike(
    one: list[bytes | None], other: list[bytes | None]
) -> None:
    assert (one == other) == (pack(*one) == pack(*other))


def test_fields_are_packed_as_kafka_writes_them() -> None:
    assert pack(b"ab", None, b"") == b"\0\0\0\2ab" + b"\xff\xff\xff\xff" + b"\0\0\0\0"


def test_headers_are_packed_in_order_with_repeats_nulls_and_any_bytes() -> None:
    packed = pack_headers((("a", b"\xff\xfe"), ("a", None), ('é"', b"")))

    assert packed.decode() == '[["a","__4="],["a",null],["é\\"",""]]'


@given(
    st.lists(st.tuples(texts, fields), max_size=4), st.lists(st.tuples(texts, fields), max_size=4)
)
def test_different_headers_never_pack_alike(
    one: list[tuple[str, bytes | None]], other: list[tuple[str, bytes | None]]
) -> None:
    assert (one == other) == (pack_headers(one) == pack_headers(other))


def test_the_identity_of_an_event_is_all_of_its_envelope_that_is_logged() -> None:
    event = MessageReceived(
        event_id=EVENT_ID,
        session_id="s-1",
        message_content="secret",
        message_length=6,
        correlation_id="c-1",
        causation_id=EVENT_ID,
    ).recorded(sequence=7, source="/orchestrator/sessions/s-1")

    written_type = "agentruntime.domain.message_received.v1"
    assert EventIdentity.of(event, written_type=written_type) == EventIdentity(
        event_id=EVENT_ID,
        event_type=written_type,
        aggregate_id="s-1",
        session_id="s-1",
        sequence=7,
        correlation_id="c-1",
        causation_id=EVENT_ID,
    )


@pytest.mark.parametrize(
    ("identity", "fit"),
    [
        (IDENTITY, True),
        (replace(IDENTITY, session_id=None), True),
        (replace(IDENTITY, aggregate_id="x" * 512), True),
        (replace(IDENTITY, aggregate_id="x" * 513), False),
        (replace(IDENTITY, correlation_id="c\0"), False),
        (replace(IDENTITY, session_id="\0"), False),
        (replace(IDENTITY, sequence=2**53), False),
    ],
)
def test_an_identity_that_no_column_can_hold_is_unfit(identity: EventIdentity, fit: bool) -> None:
    assert identity.is_fit() is fit


def test_a_log_is_named_for_cluster_topic_and_partition_whatever_the_cluster_is_called() -> None:
    name = origin(cluster_id="a b+c/d", topic="agent-runtime.domain", partition=0)

    assert name == "agent-runtime/a%20b%2Bc%2Fd/agent-runtime.domain/0"
