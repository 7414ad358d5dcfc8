# SPDX-License-Identifier: Apache-2.0
"""The services of the system: what they are called and where they listen."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field

from deploy.embedded.ports import HOST


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceEntry:
    """One service.

    ``example`` is a request worth trying, ``{url}`` being where it listens. ``defaults`` are
    variables that it gets unless the environment has them, ``{state}`` being the state directory.
    """

    name: str
    port: int
    purpose: str
    example: str
    defaults: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def module(self) -> str:
        """The Python module that is the service; none if it is no Python module."""
        return f"services.{self.name}"

    @property
    def command(self) -> tuple[str, ...]:
        """How its process is started; ``-P`` keeps the current directory out of the imports."""
        return (sys.executable, "-P", "-m", self.module)

    @property
    def url(self) -> str:
        """Where it listens unless told otherwise."""
        return f"http://{HOST}:{self.port}"


SERVICES = (
    ServiceEntry(
        name="orchestrator",
        port=8000,
        purpose="sessions, turns, agents",
        example="curl --json {{}} {url}/v1/sessions",
        defaults={"ORCHESTRATOR_WORKSPACE_ROOT": "{state}/workspaces"},
    ),
    ServiceEntry(
        name="persistence",
        port=8001,
        purpose="the history of every session",
        example="curl {url}/v1/sessions",
    ),
    ServiceEntry(
        name="audit",
        port=8002,
        purpose="the proof of what happened",
        example="curl {url}/v1/logs",
        defaults={
            "AUDIT_SIGNING_KEY_FILE": "{state}/audit-signing-key.pem",
            "AUDIT_GENERATE_KEY": "true",
        },
    ),
    ServiceEntry(
        name="metrics",
        port=8003,
        purpose="counts, durations, costs",
        example="curl {url}/v1/metrics/summary",
    ),
    ServiceEntry(
        name="agent_context",
        port=8004,
        purpose="what an agent knows now",
        example="curl {url}/v1/counts",
    ),
    ServiceEntry(
        name="dead_letters",
        port=8005,
        purpose="what could not be handled",
        example="curl {url}/v1/dead-letters",
    ),
)


def service_names() -> tuple[str, ...]:
    """Return the name of every service."""
    return tuple(entry.name for entry in SERVICES)
