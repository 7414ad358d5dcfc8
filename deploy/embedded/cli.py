# SPDX-License-Identifier: Apache-2.0
"""The command line ``agent-runtime``: starts things; ``agentctl`` operates what runs."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from deploy.embedded.catalogue import SERVICES, service_names
from deploy.embedded.commands import fail, run_command
from deploy.embedded.options import DEFAULT_STATE_DIRECTORY, Ports, StackOptions
from deploy.embedded.servers import ServerPorts

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Runs the agent runtime on this machine.",
)

StateDir = Annotated[
    Path, typer.Option("--state-dir", help="Where data, logs and addresses are kept.")
]
Json = Annotated[bool, typer.Option("--json", help="Print data as JSON, progress to stderr.")]
Port = Annotated[int | None, typer.Option(min=1, max=65535, help="Default: a free one.")]


@app.command()
def up(
    *,
    state_dir: StateDir = DEFAULT_STATE_DIRECTORY,
    ports: Annotated[
        Ports, typer.Option(help="The services on 8000 to 8005, or on free ports.")
    ] = Ports.DEFAULT,
    kafka_port: Port = None,
    postgres_port: Port = None,
    valkey_port: Port = None,
    traces: Annotated[
        Path | None, typer.Option(help="Append spans to this file, one JSON object per line.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Start servers and services, print their addresses, and stay until Ctrl-C."""
    options = StackOptions(
        state_dir=state_dir,
        ports=ports,
        server_ports=ServerPorts(kafka=kafka_port, postgres=postgres_port, valkey=valkey_port),
        traces=traces,
    )
    from deploy.embedded.up import stay_up  # here, for the other commands to be quick

    run_command(lambda hurry: stay_up(options, hurry, as_json=as_json))


@app.command()
def demo(
    *,
    state_dir: StateDir = DEFAULT_STATE_DIRECTORY / "demo",
    as_json: Json = False,
) -> None:
    """Hold a conversation on a stack of its own and show what every service made of it."""
    from deploy.embedded.demo.run import run_demo  # here, for the other commands to be quick

    run_command(lambda hurry: run_demo(state_dir, hurry, as_json=as_json))


@app.command()
def service(
    name: Annotated[str, typer.Argument(help=f"One of: {', '.join(service_names())}.")],
) -> None:
    """Run one service here, against the servers that the environment names."""
    entry = next((entry for entry in SERVICES if entry.name == name), None)
    if entry is None:
        fail(f"there is no service {name!r}: take one of {', '.join(service_names())}")
    sys.stdout.flush()
    os.execv(entry.command[0], entry.command)  # noqa: S606 -- becomes the service, signals and all


@app.command()
def status(*, state_dir: StateDir = DEFAULT_STATE_DIRECTORY, as_json: Json = False) -> None:
    """Ask every service of the running stack whether it is ready."""
    from deploy.embedded.status import show_status  # here, for the other commands to be quick

    run_command(lambda _: show_status(state_dir, as_json=as_json))


def main() -> None:
    """Run the command line."""
    app(prog_name="agent-runtime")


if __name__ == "__main__":
    main()
