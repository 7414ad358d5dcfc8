# SPDX-License-Identifier: Apache-2.0
"""The agents that there are, as ``agents.yaml`` declares them."""

from services.orchestrator.agents.agent import Agent
from services.orchestrator.agents.approval import ApprovalRule
from services.orchestrator.agents.catalogue import AgentCatalogue, UnknownAgentError
from services.orchestrator.agents.client_tools import ClientTools
from services.orchestrator.agents.loader import load_catalogue
from services.orchestrator.domain.budget import Budget

__all__ = [
    "Agent",
    "AgentCatalogue",
    "ApprovalRule",
    "Budget",
    "ClientTools",
    "UnknownAgentError",
    "load_catalogue",
]
