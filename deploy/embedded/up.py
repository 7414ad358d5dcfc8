# SPDX-License-Identifier: Apache-2.0
"""``agent-runtime up``: the whole system, until Ctrl-C."""

import asyncio
import json

from rich.console import Console
from rich.table import Table

from deploy.embedded.addresses import StackAddresses
from deploy.embedded.catalogue import SERVICES
from deploy.embedded.options import StackOptions
from deploy.embedded.progress import ConsoleProgress
from deploy.embedded.stack import running_stack


async def stay_up(options: StackOptions, hurry: asyncio.Event, *, as_json: bool) -> int:
    """Run a stack until something cannot be kept running, or we are cancelled.

    With ``as_json`` the addresses are one JSON object on stdout; the progress goes to stderr.
    """
    console = Console(stderr=as_json)
    with ConsoleProgress(console) as progress:
        async with running_stack(options, progress=progress, hurry=hurry) as stack:
            progress.doing("")
            if as_json:
                Console().print_json(json.dumps(stack.addresses.without_secrets()))
            else:
                console.print(addresses_table(stack.addresses))
                console.print("Ctrl-C ends everything.", style="dim")
            await stack.failure()
    return 1


def addresses_table(addresses: StackAddresses) -> Table:
    """Return what a person needs to know of a stack."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for title in ("name", "address", "what it has", "try"):
        table.add_column(title, overflow="fold")
    for entry in SERVICES:
        if url := addresses.services.get(entry.name):
            table.add_row(entry.name, url, entry.purpose, entry.example.format(url=url))
    file = addresses.state_dir / "stack.json"
    table.add_row("Kafka", addresses.kafka_bootstrap_servers, "every event, in memory", "")
    table.add_row("PostgreSQL, Valkey", f"in {file}", "with their passwords", "")
    return table
