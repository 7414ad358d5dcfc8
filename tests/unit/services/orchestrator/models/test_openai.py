# SPDX-License-Identifier: Apache-2.0
"""A real provider's library against a real HTTP server that speaks its protocol."""

import asyncio
from datetime import timedelta
from decimal import Decimal
from email.utils import format_datetime

import pytest
from pydantic_ai.messages import (
    ModelMessage,
    ModelMessagesTypeAdapter,
    ModelRequest,
    ToolReturnPart,
    UserPromptPart,
)

from services.orchestrator.models.breaker import BreakerPolicy, BreakerState, CircuitBreaker
from services.orchestrator.models.client import ModelClient, ModelOptions
from services.orchestrator.models.clients import ModelClients
from services.orchestrator.models.errors import ModelQuotaExceeded, ModelRefused, ModelUnavailable
from services.orchestrator.models.settings import ModelProviderSettings
from services.orchestrator.tools.registry import ToolRegistry
from shared.clock import SystemClock
from tests.support.eventually import eventually
from tests.support.openai_server import Answer, Failure, Hang, OpenAIServer, Raw


def asked(text: str = "hello") -> list[ModelMessage]:
    return [ModelRequest(parts=[UserPromptPart(text)], instructions="You are kind.")]


async def test_text_arrives_with_usage_and_cost(server: OpenAIServer, client: ModelClient) -> None:
    server.script(Answer(text="Hello!", input_tokens=1000, output_tokens=100, cached_tokens=400))

    reply = await client.request(asked(), options=ModelOptions(temperature=0.5))

    assert (reply.text, reply.tool_calls) == ("Hello!", [])
    assert reply.usage.input_tokens == 1000
    assert reply.usage.output_tokens == 100
    assert reply.usage.cached_tokens == 400
    assert reply.cost_usd == Decimal("0.0030")
    assert (reply.model, reply.provider) == ("gpt-4o", "openai")
    assert reply.duration > timedelta(0)


async def test_the_provider_is_sent_what_the_engine_means(
    server: OpenAIServer, client: ModelClient
) -> None:
    tools = ToolRegistry().offer(["read_file"], targets={"coder": "codes"})

    await client.request(
        asked(), tools=tools, options=ModelOptions(temperature=0.5, max_output_tokens=7)
    )

    (request,) = server.requests
    assert request["model"] == "gpt-4o"
    assert [(message["role"], message["content"]) for message in request["messages"]] == [
        ("system", "You are kind."),
        ("user", "hello"),
    ]
    assert [tool["function"]["name"] for tool in request["tools"]] == ["read_file", "hand_over"]
    assert request["temperature"] == 0.5
    assert 7 in (request.get("max_tokens"), request.get("max_completion_tokens"))


async def test_a_tool_call_makes_the_round_trip_also_through_storage(
    server: OpenAIServer, client: ModelClient
) -> None:
    server.script(Answer(tools=(("read_file", {"path": "a.txt"}),)), Answer(text="It says x."))
    tools = ToolRegistry().offer(["read_file"])
    messages = asked("what is in a.txt?")

    first = await client.request(messages, tools=tools)
    (call,) = first.tool_calls
    messages += ModelMessagesTypeAdapter.validate_json(first.response_json())
    result = ToolReturnPart(call.tool_name, "x", call.tool_call_id)
    messages.append(ModelRequest(parts=[result], instructions="You are kind."))
    second = await client.request(messages, tools=tools)

    assert (call.tool_name, call.args_as_dict()) == ("read_file", {"path": "a.txt"})
    assert second.text == "It says x."
    sent = server.requests[1]["messages"]
    assert [message["role"] for message in sent] == ["system", "user", "assistant", "tool"]
    assert sent[3] == {"role": "tool", "tool_call_id": call.tool_call_id, "content": "x"}


async def test_a_streamed_answer_comes_in_pieces_and_whole(
    server: OpenAIServer, client: ModelClient
) -> None:
    server.script(Answer(text="one two three", tools=(("list_files", {}),)))
    pieces: list[str] = []

    async def listen(piece: str) -> None:
        pieces.append(piece)

    reply = await client.request(asked(), on_text=listen)

    assert pieces == ["one", " two", " three"]
    assert reply.text == "one two three"
    assert [call.tool_name for call in reply.tool_calls] == ["list_files"]
    assert (reply.usage.input_tokens, reply.usage.cached_tokens) == (100, 40)
    assert reply.cost_usd == Decimal("0.0003")


async def test_the_price_of_an_unknown_model_is_not_known(
    server: OpenAIServer, client: ModelClient
) -> None:
    server.respond = lambda request: Raw(_renamed(request["model"]))

    assert (await client.request(asked())).cost_usd is None


def _renamed(_model: str) -> bytes:
    return (
        b'{"id": "1", "object": "chat.completion", "created": 1, "model": "home-made-1",'
        b' "choices": [{"index": 0, "finish_reason": "stop",'
        b' "message": {"role": "assistant", "content": "hi"}}],'
        b' "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}}'
    )


async def test_a_rate_limit_says_how_long_to_wait_and_is_not_retried_here(
    server: OpenAIServer, client: ModelClient
) -> None:
    server.script(Failure(status=429, message="slow down", headers={"retry-after": "7"}))

    with pytest.raises(ModelUnavailable, match=r"openai:gpt-4o: .* rate .*slow down") as caught:
        await client.request(asked())

    assert caught.value.retry_after == timedelta(seconds=7)
    assert len(server.requests) == 1


async def test_a_rate_limit_may_name_the_moment(server: OpenAIServer, client: ModelClient) -> None:
    moment = SystemClock().now() + timedelta(hours=2)
    server.script(
        Failure(status=429, headers={"retry-after": format_datetime(moment, usegmt=True)})
    )

    with pytest.raises(ModelUnavailable) as caught:
        await client.request(asked())

    assert caught.value.retry_after is not None
    assert timedelta(hours=1) < caught.value.retry_after <= timedelta(hours=2)


@pytest.mark.parametrize("said", ["soon", "-7", "", "Sat, 99 Nov 2026 00:00:00 GMT", "nan"])
async def test_nonsense_about_when_to_ask_again_is_as_good_as_nothing(
    server: OpenAIServer, client: ModelClient, said: str
) -> None:
    server.script(Failure(status=503, headers={"retry-after": said}))

    with pytest.raises(ModelUnavailable) as caught:
        await client.request(asked())

    assert caught.value.retry_after is None


async def test_a_model_that_fails_in_a_row_is_not_asked(server: OpenAIServer) -> None:
    """Safeguard: ``ModelClients`` puts each client behind a breaker."""
    server.respond = lambda _: Failure(status=500)
    made: list[CircuitBreaker] = []
    clients = ModelClients(
        ModelProviderSettings(openai_base_url=server.base_url),
        breaker=BreakerPolicy(failures=2),
        on_breaker=made.append,
    )

    for _ in range(5):
        with pytest.raises(ModelUnavailable):
            await clients.get("openai:gpt-4o").request(asked())
    server.respond = lambda _: Answer(text="another one")
    other = await clients.get("openai:gpt-4o-mini").request(asked())
    await clients.close()

    assert len(server.requests) == 3
    assert other.text == "another one"
    assert [(each.model, each.state) for each in made] == [
        ("openai:gpt-4o", BreakerState.OPEN),
        ("openai:gpt-4o-mini", BreakerState.CLOSED),
    ]


@pytest.mark.parametrize("status", [408, 500, 502, 503, 529])
async def test_errors_of_the_server_may_pass(
    server: OpenAIServer, client: ModelClient, status: int
) -> None:
    server.script(Failure(status=status))

    with pytest.raises(ModelUnavailable) as caught:
        await client.request(asked())

    assert caught.value.retry_after is None
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("failure", "message"),
    [
        (Failure(status=400, message="no such field"), "status 400 .no such field"),
        (Failure(status=401), "does not accept the key"),
        (Failure(status=403), "does not accept the key"),
        (Failure(status=404, code="model_not_found"), "no such model"),
        (Failure(status=422), "status 422"),
        (Failure(status=400, code="context_length_exceeded"), "too long for the model"),
    ],
)
async def test_what_asking_again_does_not_mend_is_refused(
    server: OpenAIServer, client: ModelClient, failure: Failure, message: str
) -> None:
    server.script(failure)

    with pytest.raises(ModelRefused, match=message):
        await client.request(asked())

    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "failure",
    [
        Failure(status=429, code="insufficient_quota", headers={"retry-after": "1"}),
        Failure(status=429, code="billing_hard_limit_reached"),
        Failure(status=402, message="Payment required"),
    ],
)
async def test_a_used_up_quota_is_no_rate_limit(
    server: OpenAIServer, client: ModelClient, failure: Failure
) -> None:
    """Waiting does not mend it. Safeguard: its own error in ``models/failure.py``."""
    server.script(failure)

    with pytest.raises(ModelQuotaExceeded, match="quota or credit is used up"):
        await client.request(asked())

    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "body", [b"", b"not json", b"[]", b"{}", b'{"choices": []}', b"\xff\xfe", b"null"]
)
async def test_an_answer_that_cannot_be_understood_may_be_asked_for_again(
    server: OpenAIServer, client: ModelClient, body: bytes
) -> None:
    server.script(Raw(body))

    with pytest.raises(ModelUnavailable, match="openai:gpt-4o"):
        await client.request(asked())


async def test_arguments_that_are_no_json_reach_the_engine_as_they_are(
    server: OpenAIServer, client: ModelClient
) -> None:
    server.script(Answer(tools=(("read_file", '{"path": '),)))

    (call,) = (await client.request(asked())).tool_calls

    assert call.args == '{"path": '


async def test_an_answer_that_stops_half_way_is_given_up(
    server: OpenAIServer, client: ModelClient
) -> None:
    """Safeguard: the time limit is for the whole answer, not for each piece."""
    server.script(Hang(text="one two"))
    pieces: list[str] = []

    async def listen(piece: str) -> None:
        pieces.append(piece)

    with pytest.raises(ModelUnavailable, match="no answer within the time limit"):
        await client.request(
            asked(), options=ModelOptions(timeout=timedelta(milliseconds=300)), on_text=listen
        )

    assert pieces == ["one", " two"]
    assert await asyncio.to_thread(server.abandoned.acquire, timeout=10)


@pytest.mark.parametrize("streamed", [False, True])
async def test_a_provider_that_does_not_answer_is_given_up_and_left(
    server: OpenAIServer, client: ModelClient, streamed: bool
) -> None:
    server.script(Hang())

    async def listen(_piece: str) -> None:
        """Hear nothing."""

    with pytest.raises(ModelUnavailable, match="no answer within the time limit"):
        await client.request(
            asked(),
            options=ModelOptions(timeout=timedelta(milliseconds=200)),
            on_text=listen if streamed else None,
        )

    assert await asyncio.to_thread(server.abandoned.acquire, timeout=10)
    assert len(server.requests) == 1


async def test_a_cancelled_request_is_cut_off(server: OpenAIServer, client: ModelClient) -> None:
    arrived = asyncio.Event()
    loop = asyncio.get_running_loop()

    def hang(_request: object) -> Hang:
        loop.call_soon_threadsafe(arrived.set)
        return Hang()

    server.respond = hang
    request = asyncio.create_task(client.request(asked()))
    await arrived.wait()

    request.cancel()
    await asyncio.wait({request})

    assert request.cancelled()
    assert await asyncio.to_thread(server.abandoned.acquire, timeout=10)


async def test_a_provider_that_is_not_there_may_come_back() -> None:
    with OpenAIServer() as gone:
        address = gone.base_url
    settings = ModelProviderSettings(openai_base_url=address)
    unreachable = ModelClients(settings).get("openai:gpt-4o")

    with pytest.raises(ModelUnavailable, match="cannot be reached"):
        await unreachable.request(asked())
    await unreachable.close()


@pytest.mark.parametrize("status", [400, 401, 429, 500])
async def test_no_message_holds_the_key_even_if_the_provider_repeats_it(
    server: OpenAIServer, client: ModelClient, status: int
) -> None:
    server.script(Failure(status=status, message="you sent {authorization} and that is wrong"))

    with pytest.raises((ModelRefused, ModelUnavailable)) as caught:
        await client.request(asked())

    assert server.requests
    assert "0123456789abcdef" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


async def test_closing_closes_the_connections(server: OpenAIServer, client: ModelClient) -> None:
    await client.request(asked())
    assert server.connections

    await client.close()

    await eventually(lambda: not server.connections)


async def test_ollama_is_asked_where_it_is(server: OpenAIServer) -> None:
    server.script(Answer(text="hi"))
    local = ModelClients(ModelProviderSettings(ollama_base_url=server.base_url))

    reply = await local.get("ollama:llama3.2").request(asked())
    await local.close()

    assert (reply.text, reply.provider, reply.cost_usd) == ("hi", "ollama", None)
