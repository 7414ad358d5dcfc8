# SPDX-License-Identifier: Apache-2.0
"""The conversation: several turns, a switch of agents, tools on real files, one approval."""

from dataclasses import dataclass, field
from typing import Any

from deploy.embedded.demo.services import DemoError, Services

PERSON = "ann"
MESSAGES = (
    "Hello",
    "Write a file greet.py containing print('hello from agent-runtime')",
    "Read greet.py",
    "Calculate (3 + 4) * 6",
    "Write a file protected/plan.txt containing ship it on Monday",
    "List files",
)
FILES = {
    "greet.py": "print('hello from agent-runtime')",
    "protected/plan.txt": "ship it on Monday",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A message with its answer; ``approved`` is the call that a person let through, if any."""

    message: str
    reply: str
    agent: str
    correlation_id: str
    approved: str | None


@dataclass(slots=True)
class Conversation:
    """A session as its client saw it."""

    session_id: str
    exchanges: list[Exchange] = field(default_factory=list[Exchange])


async def hold_conversation(services: Services) -> Conversation:
    """Hold the conversation and return it.

    Raises:
        DemoError: a turn did not end in an answer.
    """
    session = await services.post(
        "orchestrator", "/v1/sessions", {"created_by": PERSON, "title": "A first conversation"}
    )
    conversation = Conversation(session["id"])
    for message in MESSAGES:
        conversation.exchanges.append(await _say(services, conversation.session_id, message))
    return conversation


async def _say(services: Services, session_id: str, message: str) -> Exchange:
    path = f"/v1/sessions/{session_id}"
    turn = await services.post("orchestrator", f"{path}/messages", {"content": message}, wait=30)
    approved = None
    if turn["state"] == "waiting":
        approved = await _approve(services, path, turn)
        turn = await services.get("orchestrator", f"{path}/turns/{turn['id']}", wait=30)
    if turn["state"] != "completed":
        raise DemoError(f"the turn for {message!r} is {turn['state']}: {turn['error']}")
    return Exchange(
        message=message,
        reply=turn["reply"],
        agent=turn["agent"],
        correlation_id=turn["correlation_id"],
        approved=approved,
    )


async def _approve(services: Services, path: str, turn: dict[str, Any]) -> str:
    (approval,) = turn["approvals"]
    await services.post(
        "orchestrator",
        f"{path}/approvals/{approval['id']}",
        {
            "decision": "approve",
            "decided_by": PERSON,
            "reason": "as agreed",
            "arguments_digest": approval["arguments_digest"],
        },
    )
    return f"{approval['tool']} {approval['arguments'].get('path', '')}".strip()
