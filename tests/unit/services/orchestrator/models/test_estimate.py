# SPDX-License-Identifier: Apache-2.0
from decimal import Decimal

from pydantic_ai.messages import (
    ModelMessage,
    ModelRequest,
    ModelResponse,
    TextPart,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)

from services.orchestrator.models import estimated_cost, tokens_of_message, tokens_of_text


def test_a_text_has_a_token_for_each_three_bytes_at_least() -> None:
    assert tokens_of_text("") == 0
    assert tokens_of_text("ab") == 1
    assert tokens_of_text("abcd") == 2
    assert tokens_of_text("語") == 1


def test_every_kind_of_part_counts_with_what_it_says() -> None:
    long = "x" * 300
    messages: list[ModelMessage] = [
        ModelRequest(parts=[UserPromptPart(long)]),
        ModelRequest(parts=[ToolReturnPart("read_file", long, tool_call_id="1")]),
        ModelResponse(parts=[TextPart(long)]),
        ModelResponse(parts=[ToolCallPart("write_file", {"content": long})]),
    ]

    assert all(tokens_of_message(each) >= 100 for each in messages)


def test_a_model_has_its_list_price_and_one_that_is_not_on_the_list_has_none() -> None:
    listed = estimated_cost("openai:gpt-4o-mini", input_tokens=1_000_000, output_tokens=0)

    assert listed == Decimal("0.15")
    for unknown in ("offline", "openai:my-own", "nobody:x"):
        assert estimated_cost(unknown, input_tokens=10**6, output_tokens=10**6) == 0
