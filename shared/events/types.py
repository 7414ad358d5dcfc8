# SPDX-License-Identifier: Apache-2.0
"""The types and categories of infrastructure events."""

from enum import StrEnum


class EventCategory(StrEnum):
    """What part of the runtime an infrastructure event tells about."""

    AGENT = "agent"
    SESSION = "session"
    TOOL = "tool"
    HITL = "hitl"
    LLM = "llm"
    SYSTEM = "system"
    OPERATIONS = "operations"


class EventType(StrEnum):
    """What an infrastructure event tells."""

    AGENT_SWITCHED = "agent_switched"
    AGENT_PROCESSING_STARTED = "agent_processing_started"
    AGENT_PROCESSING_COMPLETED = "agent_processing_completed"
    AGENT_ERROR_OCCURRED = "agent_error_occurred"

    SESSION_CREATED = "session_created"
    SESSION_UPDATED = "session_updated"
    SESSION_DELETED = "session_deleted"
    MESSAGE_ADDED = "message_added"

    TOOL_EXECUTION_REQUESTED = "tool_execution_requested"
    TOOL_EXECUTION_STARTED = "tool_execution_started"
    TOOL_EXECUTED = "tool_executed"
    TOOL_EXECUTION_FAILED = "tool_execution_failed"
    TOOL_APPROVAL_REQUIRED = "tool_approval_required"
    TOOL_CLIENT_RESULT_REQUIRED = "tool_client_result_required"

    HITL_APPROVAL_REQUESTED = "hitl_approval_requested"
    HITL_DECISION_MADE = "hitl_decision_made"
    HITL_TIMEOUT_OCCURRED = "hitl_timeout_occurred"

    LLM_REQUEST_STARTED = "llm_request_started"
    LLM_REQUEST_COMPLETED = "llm_request_completed"
    LLM_REQUEST_FAILED = "llm_request_failed"

    SYSTEM_STARTUP = "system_startup"
    SYSTEM_SHUTDOWN = "system_shutdown"

    DEAD_LETTER_REDRIVEN = "dead_letter_redriven"
    DEAD_LETTER_RESOLVED = "dead_letter_resolved"
    DEAD_LETTER_DISCARDED = "dead_letter_discarded"
    DEAD_LETTER_PARKED = "dead_letter_parked"
    DEAD_LETTER_EDITED = "dead_letter_edited"
    DEAD_LETTER_JOB_STARTED = "dead_letter_job_started"
    DEAD_LETTER_JOB_STOPPED = "dead_letter_job_stopped"
    DEAD_LETTER_JOB_COMPLETED = "dead_letter_job_completed"
    HISTORY_ERASED = "history_erased"
    HISTORY_EXPORTED = "history_exported"
    HISTORY_IMPORTED = "history_imported"
    OUTBOX_REPLAYED = "outbox_replayed"
    PAYLOAD_REDACTED = "payload_redacted"
    SESSION_ERASED = "session_erased"
    PROJECTION_REBUILT = "projection_rebuilt"
