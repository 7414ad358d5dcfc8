# SPDX-License-Identifier: Apache-2.0
"""What a stack can be told."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from pathlib import Path

from deploy.embedded.catalogue import SERVICES, ServiceEntry
from deploy.embedded.servers import ServerPorts
from deploy.embedded.supervisor import RESTARTS
from shared.retry import RetryPolicy

DEFAULT_STATE_DIRECTORY = Path(".agent-runtime")


class Ports(StrEnum):
    """Where the services listen."""

    DEFAULT = "default"
    AUTO = "auto"


@dataclass(frozen=True, slots=True, kw_only=True)
class StackOptions:
    """How to run a stack.

    ``environment`` is set for every service on top of ours. ``kafka_bootstrap_servers`` is a
    cluster to use in place of the embedded broker; our own variables ``KAFKA_*`` say how.
    Without ``durable`` the servers do not wait for the disk, which is for tests.
    """

    state_dir: Path = DEFAULT_STATE_DIRECTORY
    ports: Ports = Ports.DEFAULT
    server_ports: ServerPorts = field(default_factory=ServerPorts)
    kafka_bootstrap_servers: str | None = None
    traces: Path | None = None
    durable: bool = True
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    services: tuple[ServiceEntry, ...] = SERVICES
    patience: timedelta = timedelta(seconds=60)
    restarts: RetryPolicy = RESTARTS
