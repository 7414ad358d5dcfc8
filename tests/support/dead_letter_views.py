# SPDX-License-Identifier: Apache-2.0
"""What the desk answers, made by the models that it answers with."""

from typing import Any

from services.dead_letters.views import ActionResult, Group, Letter, LetterPage

LETTER = "01890a5d-ac96-774b-bcce-b302099a8057"
OTHER = "01890a5d-ac96-774b-bcce-b302099a8058"
FINGERPRINT = "0123456789abcdef"
MOMENT = "2026-03-01T12:00:00Z"

_SUMMARY: dict[str, Any] = {
    "id": LETTER,
    "status": "open",
    "family": "agent-runtime",
    "service": "metrics",
    "consumer_group": "agent-runtime.metrics",
    "kind": "exhausted",
    "error_class": "shared.errors.TransientError",
    "error_message": "out of order",
    "fingerprint": FINGERPRINT,
    "origin_topic": "agent-runtime.domain",
    "origin_partition": 3,
    "origin_offset": 17,
    "origin_timestamp": MOMENT,
    "attempts": 3,
    "first_failed_at": MOMENT,
    "failed_at": MOMENT,
    "event_id": OTHER,
    "event_type": "agentruntime.domain.message_received.v1",
    "session_id": "s-1",
    "correlation_id": "c-1",
    "aggregate_id": "s-1",
    "sequence": 5,
    "size": 21,
    "deliveries": 2,
    "redrive_count": 1,
    "redrive_id": OTHER,
    "received_at": MOMENT,
    "updated_at": MOMENT,
}


def letter_view(**changes: Any) -> dict[str, Any]:
    """Return a letter with everything."""
    values: dict[str, Any] = {
        **_SUMMARY,
        "service_version": "0.1.0",
        "cause_class": None,
        "stack": "Traceback (most recent call last):\n  ...\nTransientError: out of order\n",
        "key": {"size": 3, "text": "s-1", "base64": "cy0x"},
        "body": {"size": 21, "text": '{"session_id": "s-1"}', "base64": "e30="},
        "headers": [
            {"name": "ce_id", "text": OTHER, "base64": "eA=="},
            {"name": "odd", "text": None, "base64": "/w=="},
            {"name": "empty", "text": None, "base64": None},
        ],
        "places": [
            {"topic": "agent-runtime.dlq", "partition": 0, "offset": 1, "received_at": MOMENT}
        ],
        "actions": [
            {
                "action": "redriven",
                "operator": "ada",
                "reason": "mended",
                "redrive_id": OTHER,
                "redrive_count": 1,
                "at": MOMENT,
            }
        ],
        "can_redrive": True,
        "why_not": None,
        **changes,
    }
    return Letter.model_validate(values).model_dump(mode="json")


def page_view(*, next_page: str | None = None) -> dict[str, Any]:
    """Return a page with one letter."""
    page = LetterPage.model_validate({"items": [_SUMMARY], "next": next_page})
    return page.model_dump(mode="json")


def group_view() -> dict[str, Any]:
    """Return a group."""
    values = {
        "fingerprint": FINGERPRINT,
        "service": "metrics",
        "kind": "exhausted",
        "error_class": "shared.errors.TransientError",
        "error_message": "out of order",
        "letters": 17,
        "by_status": {"open": 15, "redriven": 0, "resolved": 0, "discarded": 1, "parked": 1},
        "sessions": 3,
        "first_failed_at": MOMENT,
        "last_failed_at": MOMENT,
        "sample_id": LETTER,
    }
    return Group.model_validate(values).model_dump(mode="json")


def result_view(**changes: Any) -> dict[str, Any]:
    """Return what came of an action."""
    values: dict[str, Any] = {
        "action": "redriven",
        "dry_run": False,
        "topic": "agent-runtime.metrics.retry",
        "redrive_id": OTHER,
        "letter": _SUMMARY,
        **changes,
    }
    return ActionResult.model_validate(values).model_dump(mode="json")
