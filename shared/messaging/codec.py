# SPDX-License-Identifier: Apache-2.0
"""Event ⇄ bytes and headers: CloudEvents 1.0 over Kafka, written in binary mode.

In binary mode the envelope travels as ``ce_*`` headers and the value is the payload alone. Reading
also accepts structured mode (``content-type: application/cloudevents+json``).
"""

from collections.abc import Mapping
from functools import cache
from typing import Any, cast

from pydantic import ValidationError
from pydantic_core import from_json

from shared.correlation import EventCorrelation
from shared.errors import DecodingError, DecodingProblem
from shared.events import Event, Topics, registry
from shared.messaging import headers as names
from shared.messaging.headers import Headers
from shared.messaging.records import Delivery, OutgoingRecord, Record

JSON = "application/json"
STRUCTURED = "application/cloudevents"
SEQUENCE_DIGITS = 20
MAX_RECORD_BYTES = 1_048_576

_ATTRIBUTES = {
    names.ID: "event_id",
    names.SOURCE: "source",
    names.TIME: "occurred_at",
    names.SUBJECT: "aggregate_id",
    names.CORRELATION_ID: "correlation_id",
    names.CAUSATION_ID: "causation_id",
    names.SEQUENCE: "sequence",
}
_OPTIONAL = {names.CAUSATION_ID, names.CORRELATION_ID}
_BINARY_MODE: Headers = ((names.CONTENT_TYPE, JSON.encode()), (names.SPEC_VERSION, b"1.0"))


def encode(event: Event, topics: Topics) -> OutgoingRecord:
    """Return the record of an event, keyed by its aggregate."""
    event_class = type(event)
    type_name, schema = _type_and_schema(event_class, event_class.version)
    aggregate_id, correlation_id = event.aggregate_id.encode(), event.correlation_id.encode()
    headers: Headers = (
        *_BINARY_MODE,
        (names.ID, str(event.event_id).encode()),
        (names.SOURCE, event.source.encode() or b"/" + aggregate_id),
        (names.TYPE, type_name),
        (names.TIME, event.occurred_at.isoformat().encode()),
        (names.SUBJECT, aggregate_id),
        (names.DATA_SCHEMA, schema),
        (names.CORRELATION_ID, correlation_id),
        (names.PARTITION_KEY, aggregate_id),
        (names.SEQUENCE, b"%0*d" % (SEQUENCE_DIGITS, event.sequence)),
        (names.FASTSTREAM_CORRELATION_ID, correlation_id),
    )
    if event.causation_id:
        headers += ((names.CAUSATION_ID, str(event.causation_id).encode()),)
    return OutgoingRecord(
        topics.for_event(event_class), aggregate_id, event.payload_json(), headers
    )


@cache
def _type_and_schema(event_class: type[Event], version: int) -> tuple[bytes, bytes]:
    """Return what the headers of all events of a class say in a version of it."""
    return event_class.type_name().encode(), schema_uri(event_class).encode()


def schema_uri(event: Event | type[Event]) -> str:
    """Return the URI that names the JSON Schema of an event's payload."""
    return f"urn:agent-runtime:schema:{event.type_name()}"


def decode(record: Record, *, max_bytes: int = MAX_RECORD_BYTES) -> Event:
    """Return the event that a record holds.

    Raises:
        DecodingError: the record holds none; ``kind`` says in what way.
    """
    if record.value is None:
        _refuse_claim(record)
        raise DecodingError(DecodingProblem.TOMBSTONE, "the value is null")
    if len(record.value) > max_bytes:
        size = len(record.value)
        raise DecodingError(DecodingProblem.OVERSIZE, f"{size} bytes are more than {max_bytes}")
    if not record.value:
        raise DecodingError(DecodingProblem.EMPTY, "the value is empty")
    attributes, data = _attributes(record.headers), _json(record.value)
    if attributes.get(names.CONTENT_TYPE, "").startswith(STRUCTURED):
        attributes, data = _structured(data)
    if attributes.get(names.SPEC_VERSION) != "1.0":
        raise DecodingError(
            DecodingProblem.HEADERS, f"{names.SPEC_VERSION} has to be there and '1.0'"
        )
    event_class, data = _latest(attributes.get(names.TYPE, ""), data)
    return _validated(event_class, {**data, **_envelope(attributes)})


def event_in(type_name: str, envelope: Mapping[str, Any], value: bytes) -> Event:
    """Return the event of a type with fields of the envelope and a value that was written with it.

    Raises:
        DecodingError: this program cannot read it.
    """
    event_class, data = _latest(type_name, _json(value))
    return _validated(event_class, {**data, **envelope})


def deliver(record: Record, *, max_bytes: int = MAX_RECORD_BYTES) -> Delivery:
    """Return the record with its event, or with the problem in reading one; never raises."""
    try:
        return Delivery(record, decode(record, max_bytes=max_bytes))
    except DecodingError as problem:
        return Delivery(record, None, problem)


def written_type(event: Event, record: Record | OutgoingRecord) -> str:
    """Return the type that the record of an event names, whichever version is the latest here.

    An event that was read has the latest version of its type: an older payload was brought up to
    it. What is remembered of a record must not change with the release that reads it. The value is
    only read once more where there was an older version.
    """
    headers = dict(record.headers)
    if not (headers.get(names.CONTENT_TYPE) or b"").startswith(STRUCTURED.encode()):
        return (headers.get(names.TYPE) or b"").decode()
    if event.version == 1:
        return event.type_name()
    return str(_json(record.value or b"")["type"])


def _attributes(headers: Headers) -> dict[str, str]:
    """Return headers as text, at once where there is nothing odd in them."""
    try:
        texts = {name: value.decode() for name, value in headers}  # type: ignore[union-attr]
    except (AttributeError, UnicodeDecodeError):
        return _examined(headers)
    return texts if len(texts) == len(headers) else _examined(headers)


def _examined(headers: Headers) -> dict[str, str]:
    """Return headers as text, or say which of them is not as it has to be."""
    result: dict[str, str] = {}
    for name, value in headers:
        envelope = name.startswith("ce_") or name == names.CONTENT_TYPE
        if value is None:
            raise DecodingError(DecodingProblem.HEADERS, f"the header {name!r} is null")
        if envelope and name in result:
            raise DecodingError(DecodingProblem.HEADERS, f"the header {name!r} is there twice")
        try:
            result[name] = value.decode()
        except UnicodeDecodeError:
            raise DecodingError(
                DecodingProblem.HEADERS, f"the header {name!r} is not UTF-8"
            ) from None
    return result


def _refuse_claim(record: Record) -> None:
    claim = names.readable(record.headers).get(names.CLAIM_CHECK)
    if claim:
        raise DecodingError(DecodingProblem.OVERSIZE, f"the value is not here, it lies at {claim}")


def _json(value: bytes) -> dict[str, Any]:
    try:
        data: object = from_json(value, allow_inf_nan=False)
    except ValueError as error:
        raise DecodingError(DecodingProblem.JSON, f"the value is not JSON: {error}") from None
    if not isinstance(data, dict):
        raise DecodingError(DecodingProblem.JSON, "the value is JSON, but not an object")
    return cast(dict[str, Any], data)


def _structured(cloud_event: dict[str, Any]) -> tuple[dict[str, str], dict[str, Any]]:
    data: object = cloud_event.pop("data", None)
    if not isinstance(data, dict):
        raise DecodingError(DecodingProblem.SCHEMA, "the CloudEvent has no data object")
    present = {name: value for name, value in cloud_event.items() if value is not None}
    return {f"ce_{name}": str(value) for name, value in present.items()}, cast(dict[str, Any], data)


def _latest(type_name: str, data: dict[str, Any]) -> tuple[type[Event], dict[str, Any]]:
    """Return the class that reads a type, and the payload in its latest version."""
    event_class, upcasters = registry.resolve(type_name)
    for upcast in upcasters:
        data = upcast(data)
    return event_class, data


def _validated(event_class: type[Event], values: dict[str, Any]) -> Event:
    try:  # what model_validate does around it takes a quarter of the time
        event: Event = event_class.__pydantic_validator__.validate_python(values)
    except ValidationError as error:
        raise DecodingError(DecodingProblem.SCHEMA, _explain(error)) from None
    return event


def _envelope(attributes: Mapping[str, str]) -> dict[str, Any]:
    envelope: dict[str, Any] = {"causation_id": None}
    for header, field in _ATTRIBUTES.items():
        value = attributes.get(header)
        if value:
            envelope[field] = value
        elif header not in _OPTIONAL:
            raise DecodingError(DecodingProblem.HEADERS, f"the header {header!r} is missing")
    envelope.setdefault("correlation_id", envelope["event_id"])
    return envelope


def _explain(error: ValidationError) -> str:
    problems = error.errors(include_url=False, include_input=False, include_context=False)
    return "; ".join(
        f"{'.'.join(str(part) for part in problem['loc'])}: {problem['msg']}"
        for problem in problems[:5]
    )


def correlation_of(delivery: Delivery) -> str:
    """Return the correlation id of a delivery; a new one where it has none to read."""
    if delivery.event:
        return delivery.event.correlation_id
    found = names.readable(delivery.record.headers).get(names.CORRELATION_ID)
    return found or EventCorrelation.create_correlation_id()
