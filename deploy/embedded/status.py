# SPDX-License-Identifier: Apache-2.0
"""``agent-runtime status``: asks every service of a running stack whether it is ready."""

import asyncio
import json
from pathlib import Path

import httpx
from rich.console import Console
from rich.markup import escape

from deploy.embedded.service_readiness import ServiceState, ask_ready
from deploy.embedded.state_directory import StateDirectory


async def show_status(state_dir: Path, *, as_json: bool) -> int:
    """Print the state of every service; return 0 when all are ready, else 1.

    Raises:
        StateDirectoryError: no stack runs there.
    """
    addresses = StateDirectory(state_dir).running_stack()
    async with httpx.AsyncClient(timeout=5, trust_env=False) as client:
        asked = (ask_ready(client, url) for url in addresses.services.values())
        states = dict(zip(addresses.services, await asyncio.gather(*asked), strict=True))
    console = Console()
    if as_json:
        console.print_json(json.dumps(_as_data(addresses.services, states)))
    else:
        for name, state in states.items():
            console.print(_line(name, addresses.services[name], state), soft_wrap=True)
    return 0 if all(state.ready for state in states.values()) else 1


def _as_data(urls: dict[str, str], states: dict[str, ServiceState]) -> dict[str, object]:
    return {
        name: {"url": urls[name], "ready": state.ready, "reason": _reason(state)}
        for name, state in states.items()
    }


def _line(name: str, url: str, state: ServiceState) -> str:
    mark = "[green]✓[/]" if state.ready else "[red]✗[/]"
    return f"{mark} {name:14} {url}  {escape(_reason(state))}".rstrip()


def _reason(state: ServiceState) -> str:
    return "" if state.ready else state.reason
