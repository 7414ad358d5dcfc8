# SPDX-License-Identifier: Apache-2.0
"""Every event there is, registered; a new one is added here."""

from shared.events.base import Event
from shared.events.domain.agent import (
    AgentAssigned,
    AgentSwitchRequested,
    AssistantReplied,
    BudgetExceeded,
    TaskCompleted,
    TurnCancelled,
)
from shared.events.domain.approval import ApprovalDecided, ApprovalExpired, ApprovalRequested
from shared.events.domain.session import (
    ConversationCompleted,
    MessageInherited,
    MessageReceived,
    SessionCreated,
    SessionDeleted,
    SessionErased,
    SessionExpired,
    SessionForked,
)
from shared.events.infrastructure.agent import (
    AgentErrorOccurredEvent,
    AgentProcessingCompletedEvent,
    AgentProcessingStartedEvent,
    AgentSwitchedEvent,
)
from shared.events.infrastructure.hitl import (
    HITLApprovalRequestedEvent,
    HITLDecisionMadeEvent,
    HITLTimeoutOccurredEvent,
)
from shared.events.infrastructure.llm import (
    LLMRequestCompletedEvent,
    LLMRequestFailedEvent,
    LLMRequestStartedEvent,
)
from shared.events.infrastructure.operations import (
    DeadLetterDiscarded,
    DeadLetterEdited,
    DeadLetterJobCompleted,
    DeadLetterJobStarted,
    DeadLetterJobStopped,
    DeadLetterParked,
    DeadLetterRedriven,
    DeadLetterResolved,
    HistoryErased,
    HistoryExported,
    HistoryImported,
    OutboxReplayed,
    PayloadRedacted,
    ProjectionRebuilt,
    SessionErasedEvent,
)
from shared.events.infrastructure.session import (
    MessageAddedEvent,
    SessionCreatedEvent,
    SessionDeletedEvent,
    SessionUpdatedEvent,
)
from shared.events.infrastructure.system import SystemShutdownEvent, SystemStartupEvent
from shared.events.infrastructure.tool import (
    ToolApprovalRequiredEvent,
    ToolClientResultRequiredEvent,
    ToolExecutedEvent,
    ToolExecutionFailedEvent,
    ToolExecutionRequestedEvent,
    ToolExecutionStartedEvent,
)
from shared.events.registry import EventRegistry

CATALOGUE: tuple[type[Event], ...] = (
    AgentAssigned,
    AgentErrorOccurredEvent,
    AgentProcessingCompletedEvent,
    AgentProcessingStartedEvent,
    AgentSwitchRequested,
    AgentSwitchedEvent,
    ApprovalDecided,
    ApprovalExpired,
    ApprovalRequested,
    AssistantReplied,
    BudgetExceeded,
    ConversationCompleted,
    DeadLetterDiscarded,
    DeadLetterEdited,
    DeadLetterJobCompleted,
    DeadLetterJobStarted,
    DeadLetterJobStopped,
    DeadLetterParked,
    DeadLetterRedriven,
    DeadLetterResolved,
    HITLApprovalRequestedEvent,
    HITLDecisionMadeEvent,
    HITLTimeoutOccurredEvent,
    HistoryErased,
    HistoryExported,
    HistoryImported,
    LLMRequestCompletedEvent,
    LLMRequestFailedEvent,
    LLMRequestStartedEvent,
    MessageAddedEvent,
    MessageInherited,
    MessageReceived,
    OutboxReplayed,
    PayloadRedacted,
    ProjectionRebuilt,
    SessionCreated,
    SessionCreatedEvent,
    SessionDeleted,
    SessionDeletedEvent,
    SessionErased,
    SessionErasedEvent,
    SessionExpired,
    SessionForked,
    SessionUpdatedEvent,
    SystemShutdownEvent,
    SystemStartupEvent,
    TaskCompleted,
    ToolApprovalRequiredEvent,
    ToolClientResultRequiredEvent,
    ToolExecutedEvent,
    ToolExecutionFailedEvent,
    ToolExecutionRequestedEvent,
    ToolExecutionStartedEvent,
    TurnCancelled,
)

registry = EventRegistry()
for _event_class in CATALOGUE:
    registry.register(_event_class)
