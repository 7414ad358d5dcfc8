# SPDX-License-Identifier: Apache-2.0
"""What services and their operators do."""

from pydantic import Field

from shared.events.base import BaseEvent
from shared.events.types import EventCategory, EventType


class SystemEvent(BaseEvent):
    """What all events about a process share."""

    category = EventCategory.SYSTEM
    service: str
    instance: str


class SystemStartupEvent(SystemEvent):
    """A process is ready."""

    event_type = EventType.SYSTEM_STARTUP
    service_version: str


class SystemShutdownEvent(SystemEvent):
    """A process is about to stop; the uptime is in seconds."""

    event_type = EventType.SYSTEM_SHUTDOWN
    uptime_seconds: float = Field(ge=0)
    reason: str = ""
