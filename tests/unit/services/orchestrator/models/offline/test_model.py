# SPDX-License-Identifier: Apache-2.0
"""The offline model behind pydantic-ai's interface."""

from datetime import UTC, datetime

from pydantic_ai.messages import (
    ModelMessage,
    ModelMessagesTypeAdapter,
    ModelRequest,
    TextContent,
    ToolReturnPart,
    UserPromptPart,
)

from services.orchestrator.agents.catalogue import AgentCatalogue
from services.orchestrator.agents.loader import load_catalogue
from services.orchestrator.models.client import ModelClient
from services.orchestrator.models.offline.model import OfflineModel
from services.orchestrator.models.offline.tokens import tokens
from services.orchestrator.models.provider_client import ProviderClient
from services.orchestrator.models.reply import ModelReply
from services.orchestrator.tools.registry import ToolRegistry

MOMENT = datetime(2026, 1, 2, tzinfo=UTC)


def client() -> ModelClient:
    return ProviderClient("offline", OfflineModel())


def catalogue() -> AgentCatalogue:
    return load_catalogue(tools=ToolRegistry().arguments)


def prompt(text: str, agent: str) -> ModelRequest:
    part = UserPromptPart(text, timestamp=MOMENT)
    return ModelRequest(parts=[part], instructions=catalogue().get(agent).prompt, timestamp=MOMENT)


def result(reply: ModelReply, content: str, agent: str) -> ModelRequest:
    parts = [
        ToolReturnPart(call.tool_name, content, call.tool_call_id, timestamp=MOMENT)
        for call in reply.tool_calls
    ]
    return ModelRequest(parts=parts, instructions=catalogue().get(agent).prompt, timestamp=MOMENT)


async def ask(messages: list[ModelMessage], agent: str) -> ModelReply:
    agents = catalogue()
    tools = ToolRegistry().offer(agents.get(agent).tools, targets=agents.targets(agent))
    return await client().request(messages, tools=tools)


async def test_a_whole_turn_with_a_switch_a_tool_and_an_answer() -> None:
    messages: list[ModelMessage] = [prompt("write a.txt with: hi", "orchestrator")]

    switch = await ask(messages, "orchestrator")
    messages += [switch.response, result(switch, "now it is coder", "coder")]
    call = await ask(messages, "coder")
    messages += [call.response, result(call, "wrote a.txt (2 bytes)", "coder")]
    answer = await ask(messages, "coder")

    assert [part.args_as_dict()["to_agent"] for part in switch.tool_calls] == ["coder"]
    assert [part.args_as_dict() for part in call.tool_calls] == [{"path": "a.txt", "content": "hi"}]
    assert answer.text == "Done: wrote a.txt (2 bytes)."
    assert [reply.response.finish_reason for reply in (switch, call, answer)] == [
        "tool_call",
        "tool_call",
        "stop",
    ]


async def test_a_new_message_starts_anew_whatever_was_before() -> None:
    messages: list[ModelMessage] = [prompt("read a.txt", "ask")]
    first = await ask(messages, "ask")
    messages += [first.response, result(first, "x", "ask"), prompt("read a.txt", "ask")]

    second = await ask(messages, "ask")

    assert [call.tool_call_id for call in first.tool_calls] == ["offline-1"]
    assert [call.tool_call_id for call in second.tool_calls] == ["offline-2"]


async def test_the_same_messages_give_the_same_response_also_after_storage() -> None:
    messages: list[ModelMessage] = [prompt("read a.txt and b.txt", "ask")]
    stored = ModelMessagesTypeAdapter.validate_json(ModelMessagesTypeAdapter.dump_json(messages))

    first = await ask(messages, "ask")
    second = await ask(stored, "ask")

    assert first.response_json() == second.response_json()
    assert first.response.timestamp == MOMENT


async def test_streaming_gives_the_same_response_word_by_word() -> None:
    pieces: list[str] = []

    async def listen(piece: str) -> None:
        pieces.append(piece)

    messages: list[ModelMessage] = [prompt("hello  you", "ask")]
    whole = await client().request(messages)
    streamed = await client().request(messages, on_text=listen)

    assert streamed.response_json() == whole.response_json()
    assert len(pieces) > 10
    assert "".join(pieces) == whole.text


async def test_tool_calls_are_streamed_too() -> None:
    async def listen(_piece: str) -> None:
        """Hear nothing."""

    messages: list[ModelMessage] = [prompt("list files", "ask")]
    tools = ToolRegistry().offer(["list_files"])

    streamed = await client().request(messages, tools=tools, on_text=listen)

    assert [call.tool_name for call in streamed.tool_calls] == ["list_files"]


async def test_tokens_are_counted_as_written() -> None:
    request = ModelRequest(parts=[UserPromptPart("hello")], instructions="12345678")

    reply = await client().request([request])

    assert [tokens(text) for text in ("", "a", "abcd", "abcde", "éé")] == [0, 1, 1, 2, 1]
    assert reply.usage.input_tokens == 2 + 2
    assert reply.usage.output_tokens == tokens(reply.text)


async def test_a_prompt_in_parts_is_read_and_no_prompt_is_no_error() -> None:
    parts = UserPromptPart([TextContent(content="calculate"), "1+1"])
    tools = ToolRegistry().offer(["calculate"])

    reply = await client().request([ModelRequest(parts=[parts])], tools=tools)
    empty = await client().request([])

    assert [call.args_as_dict() for call in reply.tool_calls] == [{"expression": "1+1"}]
    assert empty.text == "This is assistant. What shall I do?"
