# SPDX-License-Identifier: Apache-2.0
"""The names of the figures: in Redis, and with the prefix ``agent_runtime_`` on ``/metrics``."""

from typing import Final

EVENTS: Final = "events_total"
SESSIONS_SEEN: Final = "sessions_seen_total"

SWITCHES: Final = "agent_switches_total"
AGENT_RUNS: Final = "agent_runs_total"
AGENT_SECONDS: Final = "agent_processing_duration_seconds"
AGENT_ERRORS: Final = "agent_errors_total"

TOOL_CALLS: Final = "tool_calls_total"
TOOL_SECONDS: Final = "tool_duration_seconds"
TOOL_APPROVALS: Final = "tool_approvals_requested_total"
DECISIONS: Final = "hitl_decisions_total"
DECISION_WAIT: Final = "approval_wait_seconds"

LLM_REQUESTS: Final = "llm_requests_total"
LLM_SECONDS: Final = "llm_request_duration_seconds"
LLM_TOKENS: Final = "llm_tokens_total"
LLM_COST: Final = "llm_cost_usd_total"

SESSIONS_CREATED: Final = "sessions_created_total"
SESSIONS_ENDED: Final = "sessions_ended_total"
SESSIONS_OVER: Final = "sessions_over_total"
SESSIONS_ACTIVE: Final = "sessions_active"
MESSAGES: Final = "messages_total"
TURNS: Final = "turns_total"
TURN_SECONDS: Final = "turn_duration_seconds"
BUDGET_BREACHES: Final = "budget_breaches_total"

SUM: Final = "sum"
"""Stands where the bound of a bucket stands, in the sum of a distribution."""

OTHER: Final = "other"
"""Every value of a label beyond those that are told apart."""
