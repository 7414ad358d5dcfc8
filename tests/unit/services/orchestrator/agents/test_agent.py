# SPDX-License-Identifier: Apache-2.0
import pytest
from pydantic import ValidationError

from services.orchestrator.agents.agent import Agent


def agent(**fields: object) -> Agent:
    required = {
        "name": "coder",
        "description": "codes",
        "instructions": "Code.",
        "model": "offline",
    }
    return Agent.model_validate({**required, **fields})


def test_a_model_is_told_first_who_it_is() -> None:
    assert agent().prompt == 'You are the agent "coder": codes\n\nCode.'


def test_an_agent_does_not_change() -> None:
    with pytest.raises(ValidationError):
        agent().model = "other"  # type: ignore[misc]
