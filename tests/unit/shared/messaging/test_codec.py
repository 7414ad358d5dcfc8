# SPDX-License-Identifier: Apache-2.0
import json
from dataclasses import replace
from typing import Any

import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary, to_structured
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from hypothesis import HealthCheck, given, settings, strategies as st
from pydantic_core import to_json

from shared.errors import DecodingError, DecodingProblem
from shared.events import ConversationCompleted, Event, MessageReceived, Topics, registry
from shared.messaging import Record, decode, deliver, encode, headers as names
from shared.messaging.codec import schema_uri, written_type
from shared.messaging.headers import Headers, readable
from shared.messaging.records import OutgoingRecord
from tests.support.event_strategies import any_event, events_of
from tests.support.factories import an_event
from tests.support.later_version import later_version

RECORDED = an_event(MessageReceived).recorded(sequence=7, source="/orchestrator/sessions/session-1")


def received(outgoing: OutgoingRecord) -> Record:
    return Record(
        topic=outgoing.topic,
        partition=0,
        offset=0,
        timestamp=0,
        key=outgoing.key,
        value=outgoing.value,
        headers=outgoing.headers,
    )


def record(event: Event = RECORDED, **changes: Any) -> Record:
    return replace(received(encode(event, Topics())), **changes)


def with_header(name: str, value: bytes | None) -> Headers:
    return tuple((each, value if each == name else old) for each, old in record().headers)


def without_header(name: str) -> Headers:
    return tuple(each for each in record().headers if each[0] != name)


@pytest.mark.parametrize("event_class", list(registry), ids=lambda each: each.__name__)
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_every_event_is_decoded_as_it_was_encoded(
    event_class: type[Event], data: st.DataObject
) -> None:
    event = data.draw(events_of(event_class))

    assert decode(received(encode(event, Topics()))) == event


@settings(max_examples=100, deadline=None)
@given(event=any_event())
def test_headers_are_text_and_the_key_is_the_aggregate(event: Event) -> None:
    outgoing = encode(event, Topics("here"))
    headers = readable(outgoing.headers)

    assert len(headers) == len(outgoing.headers)
    assert outgoing.key == event.aggregate_id.encode()
    assert headers[names.PARTITION_KEY] == event.aggregate_id
    assert headers[names.FASTSTREAM_CORRELATION_ID] == headers[names.CORRELATION_ID]
    assert headers[names.DATA_SCHEMA] == schema_uri(event)
    assert outgoing.topic == f"here.{event.level}"


@settings(max_examples=100, deadline=None)
@given(event=any_event())
def test_the_value_is_the_payload(event: Event) -> None:
    assert event.payload_json() == to_json(event.payload())


def test_a_later_version_of_an_event_is_written_as_that() -> None:
    """Safeguard: what is remembered of a class is remembered of one version of it."""
    before = readable(encode(RECORDED, Topics()).headers)
    with later_version(MessageReceived):
        later = readable(encode(RECORDED, Topics()).headers)

    assert before[names.TYPE] != later[names.TYPE] == RECORDED.type_name().replace(".v1", ".v2")
    assert later[names.DATA_SCHEMA].endswith(later[names.TYPE])


def test_sequences_sort_as_text() -> None:
    sequences = [1, 9, 10, 99, 2**63 - 1]
    headers = [
        readable(encode(RECORDED.recorded(sequence=each, source="/x"), Topics()).headers)
        for each in sequences
    ]

    texts = [header[names.SEQUENCE] for header in headers]
    assert texts == sorted(texts)


@pytest.mark.parametrize("event_class", list(registry), ids=lambda each: each.__name__)
@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_a_stock_cloudevents_sdk_reads_every_event(
    event_class: type[Event], data: st.DataObject
) -> None:
    event = data.draw(events_of(event_class))
    outgoing = encode(event, Topics())
    assert outgoing.value is not None
    message = KafkaMessage(
        headers={name: value or b"" for name, value in outgoing.headers},
        key=outgoing.key,
        value=outgoing.value,
    )

    cloud_event = from_binary(message, JSONFormat(), CloudEvent)

    assert cloud_event.get_id() == str(event.event_id)
    assert cloud_event.get_type() == event.type_name()
    assert cloud_event.get_source() == event.source
    assert cloud_event.get_subject() == event.aggregate_id
    assert cloud_event.get_time() == event.occurred_at
    assert cloud_event.get_extension("correlationid") == event.correlation_id
    assert cloud_event.get_data() == json.loads(outgoing.value)


def test_what_the_stock_sdk_writes_in_structured_mode_is_read() -> None:
    outgoing = encode(RECORDED, Topics())
    assert outgoing.value is not None
    binary = KafkaMessage(
        headers={name: value or b"" for name, value in outgoing.headers},
        key=outgoing.key,
        value=outgoing.value,
    )
    structured = to_structured(from_binary(binary, JSONFormat(), CloudEvent), JSONFormat())

    event = decode(record(headers=tuple(structured.headers.items()), value=structured.value))

    assert event == RECORDED


def test_the_written_type_is_that_of_the_record_in_both_modes() -> None:
    old = RECORDED.type_name()
    body = json.dumps({"specversion": "1.0", "type": old}).encode()
    structured = ((names.CONTENT_TYPE, b"application/cloudevents+json; charset=utf-8"),)

    with later_version(MessageReceived):
        assert RECORDED.type_name() != old
        binary = record(headers=with_header(names.TYPE, old.encode()))
        assert written_type(RECORDED, binary) == old
        assert written_type(RECORDED, record(headers=structured, value=body)) == old


def test_a_value_is_not_read_again_for_a_type_that_has_one_version() -> None:
    """Safeguard: ``event.version == 1``; reading a value is most of the work of decoding."""
    structured = ((names.CONTENT_TYPE, b"application/cloudevents+json"),)

    found = written_type(RECORDED, record(headers=structured, value=b"was read before"))

    assert found == RECORDED.type_name()


def test_attributes_that_are_null_in_structured_mode_are_absent() -> None:
    cloud_event = {
        "specversion": "1.0",
        "id": str(RECORDED.event_id),
        "source": "/somewhere",
        "type": RECORDED.type_name(),
        "time": RECORDED.occurred_at.isoformat(),
        "subject": "session-1",
        "sequence": "7",
        "causationid": None,
        "data": RECORDED.payload(),
    }

    event = decode(
        record(
            headers=((names.CONTENT_TYPE, b"application/cloudevents+json"),),
            value=json.dumps(cloud_event).encode(),
        )
    )

    assert event.causation_id is None
    assert event.correlation_id == str(RECORDED.event_id)


def test_unknown_fields_of_a_newer_program_are_ignored() -> None:
    payload = {**RECORDED.payload(), "mood": "good"}

    assert decode(record(value=json.dumps(payload).encode())) == RECORDED


def test_the_payload_cannot_overrule_the_envelope() -> None:
    payload = {**RECORDED.payload(), "sequence": 1, "aggregate_id": "other", "causation_id": None}

    assert decode(record(value=json.dumps(payload).encode())) == RECORDED


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        (DecodingProblem.TOMBSTONE, {"value": None}),
        (DecodingProblem.EMPTY, {"value": b""}),
        (DecodingProblem.OVERSIZE, {"value": b" " * (1024 * 1024 + 1)}),
        (DecodingProblem.JSON, {"value": b"{"}),
        (DecodingProblem.JSON, {"value": b"\xff\xfe"}),
        (DecodingProblem.JSON, {"value": b"[1]"}),
        (DecodingProblem.JSON, {"value": b'{"message_length": NaN}'}),
        (DecodingProblem.JSON, {"value": b"[" * 100_000}),
        (DecodingProblem.SCHEMA, {"value": b"{}"}),
        (DecodingProblem.SCHEMA, {"value": b'{"message_length": "many"}'}),
        (DecodingProblem.HEADERS, {"headers": ()}),
        (DecodingProblem.HEADERS, {"headers": with_header(names.ID, None)}),
        (DecodingProblem.HEADERS, {"headers": (*record().headers, ("x-other", None))}),
        (DecodingProblem.HEADERS, {"headers": (*record().headers, ("x-other", b"\xff"))}),
        (DecodingProblem.HEADERS, {"headers": (*record().headers, (names.ID, b"again"))}),
        (DecodingProblem.HEADERS, {"headers": with_header(names.SPEC_VERSION, b"0.3")}),
        (DecodingProblem.HEADERS, {"headers": without_header(names.TIME)}),
        (DecodingProblem.HEADERS, {"headers": without_header(names.SEQUENCE)}),
        (DecodingProblem.SCHEMA, {"headers": with_header(names.ID, b"no uuid")}),
        (DecodingProblem.SCHEMA, {"headers": with_header(names.TIME, b"2026-01-01T00:00:00")}),
        (DecodingProblem.SCHEMA, {"headers": with_header(names.SEQUENCE, b"9" * 20)}),
        (DecodingProblem.SCHEMA, {"headers": with_header(names.SEQUENCE, b"-1")}),
        (DecodingProblem.SCHEMA, {"headers": with_header(names.SUBJECT, b"x" * 201)}),
        (DecodingProblem.UNKNOWN_TYPE, {"headers": with_header(names.TYPE, b"com.other.thing")}),
        (
            DecodingProblem.UNKNOWN_TYPE,
            {"headers": with_header(names.TYPE, b"agentruntime.domain.never_heard_of.v1")},
        ),
        (
            DecodingProblem.FUTURE_VERSION,
            {"headers": with_header(names.TYPE, b"agentruntime.domain.message_received.v2")},
        ),
        (
            DecodingProblem.SCHEMA,
            {
                "headers": ((names.CONTENT_TYPE, b"application/cloudevents+json"),),
                "value": b'{"specversion": "1.0"}',
            },
        ),
    ],
)
def test_a_record_without_an_event_says_what_is_wrong(
    kind: DecodingProblem, changes: dict[str, Any]
) -> None:
    with pytest.raises(DecodingError) as raised:
        decode(record(**changes))

    assert raised.value.kind is kind


@settings(max_examples=300, deadline=None)
@given(
    key=st.none() | st.binary(max_size=20),
    value=st.none() | st.binary(max_size=100),
    headers=st.lists(
        st.tuples(
            st.sampled_from([names.CONTENT_TYPE, *(name for name, _ in record().headers)])
            | st.text(max_size=10),
            st.none() | st.binary(max_size=20) | st.just(b"1.0"),
        ),
        max_size=15,
    ),
)
def test_any_bytes_at_all_are_an_event_or_a_problem_and_never_an_error(
    key: bytes | None, value: bytes | None, headers: list[tuple[str, bytes | None]]
) -> None:
    delivery = deliver(record(key=key, value=value, headers=tuple(headers)))

    assert (delivery.event is None) == (delivery.problem is not None)


def test_numbers_that_json_cannot_say_are_refused_by_the_event() -> None:
    with pytest.raises(ValueError, match="finite"):
        an_event(ConversationCompleted, duration_seconds=float("inf"))
