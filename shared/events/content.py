# SPDX-License-Identifier: Apache-2.0
"""What an event still says after the content of its session was erased. No I/O.

The names that are kept are listed, so that what nobody thought of is erased: a field that this
program does not know is content.
"""

from collections.abc import Mapping
from typing import Any, Final, cast

from pydantic_core import from_json, to_json

ERASED: Final = "[erased]"
"""What stands in the place of a text."""

_KEPT = """
    about agent agent_type approval_id at_sequence attempts budget cached_tokens call_id changed
    confidence cost_usd dead_aggregate_id dead_event_id dead_letter_id dead_occurred_at
    dead_sequence decision direction duration_seconds erased_by erasure_reason error_type
    expires_at fallback_for fallback_model from_agent inherited_messages input_tokens limit
    message_id message_length model new_event_id operator original_turn_id other_session_id
    output_tokens policy_version provider redrive_count redrive_id requested_by requested_model
    result_size retried retry_after_seconds role said_at scope service session_id state step success
    system_prompt to_agent tool total_messages turn_id used wait_seconds wanted workspace
"""
_CONTENT = """
    arguments arguments_digest cancelled_by created_by decided_by deleted_by detail effect_id
    error_message failed_attempts forked_by message_content reason result_summary title
"""

KEPT: Final = frozenset(_KEPT.split())
"""Identifiers, numbers, times, and names that the installation gives: what proofs, figures and
provenance need. What is made of a text alone is not among them, a digest or the id of an effect: by
it, guesses could be tested."""

CONTENT: Final = frozenset(_CONTENT.split())
"""What people and models wrote, and who they are."""


def without_content(value: bytes) -> bytes:
    """Return the value of a record without what people and models wrote.

    The same bytes if it has no content; an empty object if it cannot be looked into.
    """
    try:
        body: object = from_json(value, allow_inf_nan=False)
    except ValueError:
        return b"{}"
    if not isinstance(body, dict):
        return b"{}"
    found = cast(dict[str, Any], body)
    inner = found.get("data") if "specversion" in found else None
    if not isinstance(inner, dict):
        return to_json(_blanked(found)) if found.keys() - KEPT else value
    data = cast(dict[str, Any], inner)
    return to_json({**found, "data": _blanked(data)}) if data.keys() - KEPT else value


def _blanked(payload: Mapping[str, Any]) -> dict[str, Any]:
    return {name: each if name in KEPT else _blank(each) for name, each in payload.items()}


def _blank(value: Any) -> Any:
    """Return a value of the same type, so that the event can still be read."""
    match value:
        case None | bool():
            return value
        case str():
            return ERASED
        case dict():
            return {}
        case list():
            return []
        case _:
            return 0
