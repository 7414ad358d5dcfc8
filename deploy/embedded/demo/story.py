# SPDX-License-Identifier: Apache-2.0
"""What happens in the demonstration, and what came of it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deploy.embedded.addresses import StackAddresses
from deploy.embedded.demo.accounts import caught_up
from deploy.embedded.demo.agreement import Account, differences
from deploy.embedded.demo.conversation import FILES, PERSON, Conversation, hold_conversation
from deploy.embedded.demo.failures import (
    broken_context,
    client_of,
    dead_letters,
    poison_letters,
    redrive,
    send_poison,
)
from deploy.embedded.demo.services import DemoError, Services
from deploy.embedded.demo.traces import Trace
from deploy.embedded.demo.waiting import until
from deploy.embedded.progress import Progress
from shared.clock import SystemClock

READERS = ("orchestrator", "persistence", "metrics", "agent_context")
"""Who dead-letters bytes that are no event; audit keeps them, as it keeps everything."""

SHOWN_TURN = 1
"""The turn whose events are printed."""

WRONG = ("orphans", "cycles", "gaps", "duplicates", "conflicts")

TRACED = {f"agent-runtime-{name}" for name in (*READERS, "audit")}


@dataclass(slots=True, kw_only=True)
class Story:
    """All that the demonstration found out."""

    conversation: Conversation
    poison: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    failed: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    accounts: dict[str, list[Account]] = field(default_factory=dict[str, list[Account]])
    timeline: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    totals: Mapping[str, int] = field(default_factory=dict[str, int])
    opaque: int = 0
    traces: Mapping[str, list[Trace]] = field(default_factory=dict[str, list[Trace]])
    problems: list[str] = field(default_factory=list[str])


async def tell_story(
    services: Services, addresses: StackAddresses, *, workspaces: Path, progress: Progress
) -> Story:
    """Do everything, ask everybody, and return what was found, differences included.

    Raises:
        DemoError: something did not happen at all.
    """
    opaque_before = await _opaque(services)
    progress.doing("holding a conversation")
    story = Story(conversation=await hold_conversation(services))
    exchanges = len(story.conversation.exchanges)
    progress.done(f"held a conversation of {exchanges} turns, with an approval by {PERSON}")
    story.problems += _wrong_files(workspaces / story.conversation.session_id / "files")

    progress.doing("sending bytes that are no event")
    poisoned = SystemClock().now()
    await send_poison(addresses, story.conversation.session_id)
    story.poison = await poison_letters(services, consumers=len(READERS), since=poisoned)
    progress.done(f"sent bytes that are no event: {len(story.poison)} dead letters")

    progress.doing("breaking the state of a session")
    repaired = await _break_and_repair(services, addresses, story, progress)

    progress.doing("comparing what the services say")
    for session_id in (story.conversation.session_id, repaired):
        story.accounts[session_id] = await caught_up(services, session_id)
        story.problems += differences(session_id, story.accounts[session_id])
    await _compare_totals(services, story)
    story.opaque = await _opaque(services) - opaque_before
    if story.opaque != 1:
        story.problems.append(f"audit logged {story.opaque} records without an event, not 1")
    shown = story.conversation.exchanges[SHOWN_TURN].correlation_id
    tree = await services.get("persistence", f"/v1/correlations/{shown}")
    story.timeline = tree["events"]
    story.problems += [f"the causes of a turn have {what}" for what in WRONG if tree[what]]
    progress.done("asked every service what it knows")
    return story


async def _break_and_repair(
    services: Services, addresses: StackAddresses, story: Story, progress: Progress
) -> str:
    session = await services.post("orchestrator", "/v1/sessions", {"created_by": PERSON})
    session_id: str = session["id"]
    path = f"/v1/sessions/{session_id}"
    await caught_up(services, session_id)
    key = await _state_key(addresses, session_id)
    async with broken_context(addresses, key):
        changed = await services.post("orchestrator", f"{path}/agent", {"agent": "coder"})
        lost = changed["last_sequence"] - session["last_sequence"]

        async def look() -> list[dict[str, Any]] | None:
            letters = await dead_letters(services, service="agent_context", session=session_id)
            return letters if len(letters) >= lost else None

        story.failed = await until("the events to be dead-lettered", look)
    progress.done(f"broke the state of a session: {len(story.failed)} events dead-lettered")
    for letter in reversed(story.failed):
        await redrive(services, letter)
    progress.done("repaired it and redrove them")
    return session_id


async def _state_key(addresses: StackAddresses, session_id: str) -> str:
    redis = client_of(addresses)
    try:
        pattern = f"agent-runtime:context:*{session_id}*"
        keys = [str(key) async for key in redis.scan_iter(pattern, count=1000)]
        return min(keys, key=len)
    finally:
        await redis.aclose()


async def _compare_totals(services: Services, story: Story) -> None:
    """Compare how many different events the services have of all sessions together."""

    async def look() -> bool:
        story.totals = await _totals(services)
        return len(set(story.totals.values())) == 1

    try:
        await until("the services to have the same number of events", look)
    except DemoError:
        said = ", ".join(f"{name} {count}" for name, count in story.totals.items())
        story.problems.append(f"different numbers of events altogether: {said}")


async def _totals(services: Services) -> dict[str, int]:
    persistence = await services.get("persistence", "/v1/counts")
    audit = await services.get("audit", "/v1/counts")
    metrics = await services.get("metrics", "/v1/counts")
    return {
        "persistence": persistence["events"],
        "audit": audit["total"]["events"],
        "metrics": metrics["events"]["total"],
    }


async def _opaque(services: Services) -> int:
    """Return how many records audit has a proof of that are no events."""
    counts = await services.get("audit", "/v1/counts")
    opaque: int = counts["total"]["opaque"]
    return opaque


def turns_of(story: Story) -> list[str]:
    """Return the correlation id of each turn of the conversation."""
    return [exchange.correlation_id for exchange in story.conversation.exchanges]


def add_traces(story: Story, traces: Mapping[str, list[Trace]]) -> None:
    """Add the traces of the turns; to be called when all services have sent theirs."""
    story.traces = traces
    for exchange in story.conversation.exchanges:
        trace = main_trace(story, exchange.correlation_id)
        missing = TRACED - trace.services if trace else TRACED
        if missing:
            story.problems.append(
                f"the trace of {exchange.message!r} has nothing of {', '.join(sorted(missing))}"
            )


def main_trace(story: Story, correlation_id: str) -> Trace | None:
    """Return the trace of a turn; the decision of a person has a smaller one of its own."""
    return max(story.traces.get(correlation_id, []), key=lambda each: each.spans, default=None)


def _wrong_files(directory: Path) -> list[str]:
    found = {
        name: (directory / name).read_text() if (directory / name).is_file() else ""
        for name in FILES
    }
    return [
        f"the file {name} has {json.dumps(found[name])}, not {json.dumps(content)}"
        for name, content in FILES.items()
        if found[name].strip() != content
    ]
