# SPDX-License-Identifier: Apache-2.0
"""An orchestrator whose models are scripted, and sessions to fork."""

from typing import Any

from tests.support.openai_server import Answer, OpenAIServer
from tests.support.orchestrator import RunningOrchestrator


async def fork(orchestrator: RunningOrchestrator, session_id: str, **fields: Any) -> dict[str, Any]:
    """Fork a session and return the new one."""
    response = await orchestrator.http.post(f"/v1/sessions/{session_id}/fork", json=fields)
    assert response.status_code == 201, response.text
    forked: dict[str, Any] = response.json()
    return forked


async def two_turns(orchestrator: RunningOrchestrator, provider: OpenAIServer) -> str:
    """Hold two turns: one writes a file and answers, one edits it and answers."""
    session_id = await orchestrator.session(agent="universal", created_by="ann")
    provider.script(
        write("notes.txt", "one"),
        Answer(text="It says one."),
        call("edit_file", path="notes.txt", old_text="one", new_text="two"),
        Answer(text="It says two."),
    )
    await orchestrator.say(session_id, "Write one into notes.txt")
    await orchestrator.say(session_id, "Make it two")
    return session_id


def write(path: str, content: str) -> Answer:
    """Return an answer that writes a file."""
    return call("write_file", path=path, content=content)


def call(tool: str, **arguments: Any) -> Answer:
    """Return an answer that calls a tool."""
    return Answer(tools=((tool, arguments),))


def said(request: Any) -> list[tuple[str, Any]]:
    """Return what a model was shown, without the instructions of the agent."""
    return [
        (each["role"], each.get("content") or [c["function"] for c in each["tool_calls"]])
        for each in request["messages"]
        if each["role"] != "system"
    ]
