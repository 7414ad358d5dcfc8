# SPDX-License-Identifier: Apache-2.0
"""What a broker of tests is told: one KRaft node, quick to start, with nothing to lose."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from deploy.embedded.ports import HOST

CONTROLLER = "CONTROLLER"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """Where clients connect; its name is that of its security protocol."""

    protocol: str
    port: int
    settings: Mapping[str, str] = field(default_factory=dict[str, str])


def server_properties(
    directory: Path, listeners: tuple[Listener, ...], *, bind_host: str, controller_port: int
) -> str:
    """Return the file ``server.properties``; the first listener is for the broker itself too."""
    bound = [f"{each.protocol}://{bind_host}:{each.port}" for each in listeners]
    advertised = [f"{each.protocol}://{HOST}:{each.port}" for each in listeners]
    protocols = [f"{each.protocol}:{each.protocol}" for each in listeners]
    properties = {
        "process.roles": "broker,controller",
        "node.id": "1",
        "controller.quorum.voters": f"1@{HOST}:{controller_port}",
        "controller.listener.names": CONTROLLER,
        "inter.broker.listener.name": listeners[0].protocol,
        "listeners": ",".join([*bound, f"{CONTROLLER}://{HOST}:{controller_port}"]),
        "advertised.listeners": ",".join(advertised),
        "listener.security.protocol.map": ",".join([*protocols, f"{CONTROLLER}:PLAINTEXT"]),
        "log.dirs": str(directory / "data"),
        **_QUICK,
    }
    for listener in listeners:
        prefix = f"listener.name.{listener.protocol.lower()}"
        properties |= {f"{prefix}.{name}": text for name, text in listener.settings.items()}
    return "".join(f"{name}={text}\n" for name, text in properties.items())


_QUICK = {
    "auto.create.topics.enable": "false",
    "group.initial.rebalance.delay.ms": "0",
    "controlled.shutdown.enable": "false",
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "log.index.size.max.bytes": "65536",
    "log.segment.delete.delay.ms": "100",
}
