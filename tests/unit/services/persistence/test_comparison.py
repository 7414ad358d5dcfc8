# SPDX-License-Identifier: Apache-2.0
"""Recorded rows against folded ones, value for value."""

from typing import Any

from hypothesis import given

from services.persistence.comparison import Folding, by_key
from services.persistence.projections import READ_MODELS
from shared.events import ApprovalRequested, Event, MessageReceived, SessionCreated
from tests.support.conversations import Recorder
from tests.support.event_streams import histories
from tests.support.history import ReadModelRows, folded


def differences(events: list[Event], recorded: ReadModelRows) -> list[tuple[str, str, Any]]:
    folding = Folding()
    for event in events:
        folding.take(event)
    rows = {model.name: by_key(model, recorded[model.name]) for model in READ_MODELS}
    return [(each.read_model, each.field, each.recorded) for each in folding.divergences(rows)]


@given(events=histories(sessions=1, length=40))
def test_what_is_recorded_of_any_history_agrees(events: list[Event]) -> None:
    """Arguments without any content are no difference: as JSON they are told from their text."""
    assert differences(events, folded(events)) == []


def said(content: str) -> list[Event]:
    record = Recorder("s")
    record.add(SessionCreated)
    record.add(MessageReceived, message_content=content, message_length=len(content))
    return record.events


def test_text_that_looks_like_json_is_text() -> None:
    """Safeguard: only what is JSON in the database is compared as such."""
    events = said("[1,2]")
    recorded = folded(events)
    recorded["messages"][0]["content"] = "[1, 2]"

    assert differences(events, recorded) == [("messages", "content", "[1, 2]")]


def test_other_arguments_are_a_difference() -> None:
    record = Recorder("s")
    record.add(SessionCreated)
    record.add(
        ApprovalRequested,
        approval_id="a",
        turn_id="t",
        agent_type="coder",
        tool="run",
        call_id="c",
        arguments={"command": "ls"},
        arguments_digest="d",
        expires_at=record.events[0].occurred_at,
    )
    recorded = folded(record.events)
    recorded["approvals"][0]["arguments"] = {}

    assert differences(record.events, recorded) == [("approvals", "arguments", {})]
