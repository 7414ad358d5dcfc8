# SPDX-License-Identifier: Apache-2.0
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError

from shared.correlation import EventCorrelation
from shared.events import (
    AgentSwitchedEvent,
    MessageReceived,
    SessionCreated,
    SystemStartupEvent,
)
from shared.ids import new_id
from tests.support.factories import an_event


def test_the_aggregate_of_a_session_event_is_the_session() -> None:
    assert an_event(SessionCreated, session_id="s").aggregate_id == "s"


def test_an_event_outside_a_session_has_to_name_its_aggregate() -> None:
    with pytest.raises(ValidationError, match="aggregate_id"):
        SystemStartupEvent.model_validate(
            {"service": "audit", "instance": "i", "service_version": "1"}
        )


def test_names_come_from_the_class_or_the_event_type() -> None:
    assert MessageReceived.type_name() == "agentruntime.domain.message_received.v1"
    assert AgentSwitchedEvent.type_name() == "agentruntime.infrastructure.agent_switched.v1"


@pytest.mark.parametrize(
    ("type_name", "named"),
    [
        ("agentruntime.domain.message_received.v1", True),
        ("agentruntime.domain.message_received.v12", True),
        ("agentruntime.domain.message_received.v", False),
        ("agentruntime.domain.message_received", False),
        ("agentruntime.infrastructure.message_received.v1", False),
        ("agentruntime.domain.message_received_again.v1", False),
        ("", False),
    ],
)
def test_an_event_knows_its_type_in_whichever_version(type_name: str, named: bool) -> None:
    """Fails if what an older release wrote were not known again after its second version."""
    assert MessageReceived.is_named(type_name) is named


def test_an_event_carries_the_correlation_and_the_cause_of_the_work_it_is_made_in() -> None:
    cause = new_id()

    with EventCorrelation.scope("conversation-1", causation_id=cause):
        event = an_event(SessionCreated)

    assert (event.correlation_id, event.causation_id) == ("conversation-1", cause)


def test_outside_of_any_work_an_event_begins_a_conversation_of_its_own() -> None:
    first, second = an_event(SessionCreated), an_event(SessionCreated)

    assert first.causation_id is None
    assert UUID(first.correlation_id) != UUID(second.correlation_id)


def test_an_event_never_changes() -> None:
    event = an_event(SessionCreated)

    with pytest.raises(ValidationError, match="frozen"):
        event.sequence = 5  # type: ignore[misc]  # the point of the test


def test_the_payload_leaves_the_envelope_out_and_keeps_the_session() -> None:
    payload = an_event(MessageReceived, session_id="s", message_content="hi").payload()

    assert payload["session_id"] == "s"
    assert payload["message_content"] == "hi"
    assert not {"event_id", "sequence", "correlation_id", "aggregate_id"} & payload.keys()


@pytest.mark.parametrize(
    "fields",
    [
        {"sequence": -1},
        {"sequence": 2**63},
        {"occurred_at": datetime(2026, 1, 1)},  # noqa: DTZ001 -- refused for that
        {"correlation_id": ""},
        {"correlation_id": "x" * 201},
        {"session_id": ""},
        {"session_id": "x" * 201},
        {"message_length": -1},
    ],
)
def test_values_that_no_consumer_could_keep_are_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        an_event(MessageReceived, **fields)
