# SPDX-License-Identifier: Apache-2.0
"""The corrected copy of a dead letter: a new event, in the place of the one that failed."""

from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from services.dead_letters.letters.dead_event import DeadEvent
from services.dead_letters.letters.values import as_uuid
from shared.errors import DecodingError
from shared.events import Event, Topics, registry
from shared.messaging import headers as names
from shared.messaging.codec import MAX_RECORD_BYTES, encode
from shared.messaging.records import OutgoingRecord


class EditError(ValueError):
    """What is given is no event that could take the place of the one that failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One correction: of which letter, by whom, and the id of the event that it makes."""

    letter_id: UUID
    event_id: UUID
    operator: str


def edited_event(edit: Edit, dead: DeadEvent, payload: dict[str, Any]) -> Event:
    """Return the event that says ``payload`` in the place of the dead one, and names it its cause.

    Raises:
        EditError: the letter does not say which event it was, or ``payload`` is none of its kind.
    """
    if dead.event_type is None or dead.aggregate_id is None or dead.sequence is None:
        raise EditError("the letter does not say type, aggregate and sequence; name them")
    try:
        event_class, upcasters = registry.resolve(dead.event_type)
        for upcast in upcasters:
            payload = upcast(payload)
        _refuse_unknown(event_class, payload)
        event = event_class.model_validate({**payload, **_envelope(edit, dead)})
    except DecodingError as error:
        raise EditError(str(error)) from error
    except ValidationError as error:
        raise EditError(_explain(error)) from error
    if dead.session_id and event.session_id != dead.session_id:
        raise EditError(f"an edit stays in its session, which is {dead.session_id!r}")
    return event


def edited_record(edit: Edit, event: Event, *, topic: str, topics: Topics) -> OutgoingRecord:
    """Return the record of the event for ``topic``, with where it comes from.

    Raises:
        EditError: it is too large.
    """
    record = encode(event, topics)
    if len(record.value or b"") > MAX_RECORD_BYTES:
        raise EditError(f"the event is larger than {MAX_RECORD_BYTES} bytes")
    added = (
        (names.EDIT_LETTER, str(edit.letter_id).encode()),
        (names.EDIT_BY, edit.operator.encode()),
    )
    return replace(record, topic=topic, headers=record.headers + added)


def _envelope(edit: Edit, dead: DeadEvent) -> dict[str, Any]:
    known = {"occurred_at": dead.occurred_at, "correlation_id": dead.correlation_id}
    return {
        "event_id": edit.event_id,
        "aggregate_id": dead.aggregate_id,
        "sequence": dead.sequence,
        "source": f"/dead_letters/{edit.letter_id}",
        "causation_id": as_uuid(dead.event_id),
        **{name: value for name, value in known.items() if value is not None},
    }


def _refuse_unknown(event_class: type[Event], payload: dict[str, Any]) -> None:
    """Refuse fields that would be ignored: a slip of the pen would look like a correction."""
    own = event_class.model_fields.keys() - (Event.model_fields.keys() - {"session_id"})
    unknown = sorted(payload.keys() - own)
    if unknown:
        raise EditError(f"{event_class.__name__} has no field {', '.join(unknown)}")


def _explain(error: ValidationError) -> str:
    problems = error.errors(include_url=False, include_input=False, include_context=False)
    return "; ".join(
        f"{'.'.join(str(part) for part in each['loc'])}: {each['msg']}" for each in problems[:5]
    )
