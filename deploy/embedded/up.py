# SPDX-License-Identifier: Apache-2.0
"""``agent-runtime up``: the whole system, until Ctrl-C."""

import asyncio
import json
from collections.abc import Iterator

from rich.console import Console

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
                for line in ("", *addresses_of(stack.addresses), "", "Ctrl-C ends everything."):
                    console.print(line, highlight=False, markup=False, soft_wrap=True)
            await stack.failure()
    return 1


def addresses_of(addresses: StackAddresses) -> Iterator[str]:
    """Return what a person needs to know of a stack, line by line."""
    for entry in SERVICES:
        if url := addresses.services.get(entry.name):
            yield f"  {entry.name:15} {url:23} {entry.example.format(url=url)}"
    yield f"  {'Kafka':15} {addresses.kafka_bootstrap_servers:23} every event, in memory"
    yield f"  {'with passwords':15} {addresses.state_dir / 'stack.json'}"
