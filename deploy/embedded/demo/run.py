# SPDX-License-Identifier: Apache-2.0
"""Runs the demonstration on a stack of its own, and says whether everything agrees."""

import asyncio
import json
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from deploy.embedded.demo.clean import TRACES, make_new
from deploy.embedded.demo.report import print_report
from deploy.embedded.demo.services import Services
from deploy.embedded.demo.story import Story, add_traces, tell_story, turns_of
from deploy.embedded.demo.traces import traces_of
from deploy.embedded.options import Ports, StackOptions
from deploy.embedded.progress import ConsoleProgress
from deploy.embedded.stack import running_stack


async def run_demo(state_dir: Path, hurry: asyncio.Event, *, as_json: bool) -> int:
    """Run the demonstration; return 0 if all services agree, and 1 if not.

    The state directory is made anew, and stays afterwards with logs and traces to look at.
    """
    console = Console(stderr=as_json)
    await asyncio.to_thread(make_new, state_dir)
    traces = (state_dir / TRACES).absolute()
    workspaces = (state_dir / "workspaces").absolute()
    options = StackOptions(
        state_dir=state_dir,
        ports=Ports.AUTO,
        traces=traces,
        environment={
            "ORCHESTRATOR_WORKSPACE_ROOT": str(workspaces),
            "RETRY_INITIAL_DELAY": "0.2",
        },
    )
    with ConsoleProgress(console) as progress:
        async with running_stack(options, progress=progress, hurry=hurry) as stack:
            async with Services(stack.addresses.services) as services:
                story = await tell_story(
                    services, stack.addresses, workspaces=workspaces, progress=progress
                )
            progress.doing("stopping")
        add_traces(story, traces_of(traces, turns_of(story)))
        progress.done("stopped everything")
        progress.doing("")
    if as_json:
        Console().print_json(json.dumps(_as_json(story)))
    else:
        print_report(story, console)
    return _verdict(story, console, state_dir)


def _verdict(story: Story, console: Console, state_dir: Path) -> int:
    console.print()
    if story.problems:
        console.print("[red]✗ not everything agrees:[/]")
        for problem in story.problems:
            console.print(f"  {escape(problem)}", highlight=False)
        console.print(f"  the logs are in {escape(str(state_dir / 'logs'))}", highlight=False)
        return 1
    console.print(
        f"[green]✓[/] Everything agrees. Logs and traces are in {escape(str(state_dir))}.",
        highlight=False,
        soft_wrap=True,
    )
    console.print("  To stay and play: make up", highlight=False)
    return 0


def _as_json(story: Story) -> dict[str, object]:
    return {
        "session_id": story.conversation.session_id,
        "turns": [asdict(exchange) for exchange in story.conversation.exchanges],
        "accounts": {
            session_id: [asdict(account) for account in accounts]
            for session_id, accounts in story.accounts.items()
        },
        "totals": dict(story.totals),
        "dead_letters": [*story.poison, *story.failed],
        "traces": {
            correlation_id: [trace.trace_id for trace in traces]
            for correlation_id, traces in story.traces.items()
        },
        "problems": story.problems,
    }
