# SPDX-License-Identifier: Apache-2.0
import pytest

from services.orchestrator.agents.catalogue import UnknownAgentError
from services.orchestrator.agents.loader import load_catalogue
from services.orchestrator.tools.registry import ToolRegistry


def test_an_unknown_agent_is_told_with_those_that_there_are() -> None:
    catalogue = load_catalogue(tools=ToolRegistry().arguments)

    with pytest.raises(
        UnknownAgentError, match="no agent 'nobody'; there are: orchestrator, coder"
    ):
        catalogue.get("nobody")


def test_targets_come_with_what_they_are_good_at() -> None:
    catalogue = load_catalogue(tools=ToolRegistry().arguments)

    assert catalogue.targets("ask")["coder"] == catalogue.get("coder").description
    assert catalogue.targets("universal") == {}
    assert len(catalogue) == 6
