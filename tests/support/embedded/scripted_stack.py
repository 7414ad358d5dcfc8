# SPDX-License-Identifier: Apache-2.0
"""A stack of real servers with scripted services, as a program."""

import sys
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import typer

from deploy.embedded.catalogue import ServiceEntry
from deploy.embedded.commands import run_command
from deploy.embedded.options import Ports, StackOptions
from deploy.embedded.up import stay_up
from shared.retry import RetryPolicy
from tests.support.embedded import scripted_service


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptedService(ServiceEntry):
    """A process of its own that behaves as the environment tells it."""

    port: int = 0
    warm: bool = False
    purpose: str = "to be started and stopped"
    example: str = "curl {url}/readyz"

    @property
    def module(self) -> str:
        return scripted_service.__name__ if self.warm else ""

    @property
    def command(self) -> tuple[str, ...]:
        return (sys.executable, "-I", scripted_service.__file__, self.name)


def scripted_options(
    state_dir: Path, *, misbehaviour: str = "", warm: bool = False
) -> StackOptions:
    """Return options for a stack with the services ``audit`` and ``metrics``."""
    return StackOptions(
        state_dir=state_dir,
        ports=Ports.AUTO,
        durable=False,
        environment={"MISBEHAVIOUR": misbehaviour},
        restarts=RetryPolicy(initial_delay=timedelta(milliseconds=100), max_attempts=5),
        services=tuple(ScriptedService(name=name, warm=warm) for name in ("audit", "metrics")),
    )


def main(state_dir: Path, *, misbehaviour: str = "", warm: bool = False) -> None:
    options = scripted_options(state_dir, misbehaviour=misbehaviour, warm=warm)
    run_command(lambda hurry: stay_up(options, hurry, as_json=True))


if __name__ == "__main__":
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(main)
    app()
