# SPDX-License-Identifier: Apache-2.0
"""The language the services speak: every event of both levels, its types and its topics."""

from shared.events.base import BaseEvent, DomainEvent, Event, EventLevel
from shared.events.catalogue import registry
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
    ModelAttempt,
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
from shared.events.topics import Topics, TopicSpecification
from shared.events.types import EventCategory, EventType

__all__ = [
    "AgentAssigned",
    "AgentErrorOccurredEvent",
    "AgentProcessingCompletedEvent",
    "AgentProcessingStartedEvent",
    "AgentSwitchRequested",
    "AgentSwitchedEvent",
    "ApprovalDecided",
    "ApprovalExpired",
    "ApprovalRequested",
    "AssistantReplied",
    "BaseEvent",
    "BudgetExceeded",
    "ConversationCompleted",
    "DeadLetterDiscarded",
    "DeadLetterEdited",
    "DeadLetterJobCompleted",
    "DeadLetterJobStarted",
    "DeadLetterJobStopped",
    "DeadLetterParked",
    "DeadLetterRedriven",
    "DeadLetterResolved",
    "DomainEvent",
    "Event",
    "EventCategory",
    "EventLevel",
    "EventType",
    "HITLApprovalRequestedEvent",
    "HITLDecisionMadeEvent",
    "HITLTimeoutOccurredEvent",
    "HistoryErased",
    "HistoryExported",
    "HistoryImported",
    "LLMRequestCompletedEvent",
    "LLMRequestFailedEvent",
    "LLMRequestStartedEvent",
    "MessageAddedEvent",
    "MessageInherited",
    "MessageReceived",
    "ModelAttempt",
    "OutboxReplayed",
    "PayloadRedacted",
    "ProjectionRebuilt",
    "SessionCreated",
    "SessionCreatedEvent",
    "SessionDeleted",
    "SessionDeletedEvent",
    "SessionErased",
    "SessionErasedEvent",
    "SessionExpired",
    "SessionForked",
    "SessionUpdatedEvent",
    "SystemShutdownEvent",
    "SystemStartupEvent",
    "TaskCompleted",
    "ToolApprovalRequiredEvent",
    "ToolClientResultRequiredEvent",
    "ToolExecutedEvent",
    "ToolExecutionFailedEvent",
    "ToolExecutionRequestedEvent",
    "ToolExecutionStartedEvent",
    "TopicSpecification",
    "Topics",
    "TurnCancelled",
    "registry",
]
