# SPDX-License-Identifier: Apache-2.0
"""Asks the model of an agent, and retries as long as that may help."""

from collections.abc import Sequence

from pydantic_ai.messages import ModelMessage, ModelRequest, SystemPromptPart

from services.orchestrator.agents import Agent
from services.orchestrator.domain.turn import Turn
from services.orchestrator.models import ModelOptions, ModelReply
from services.orchestrator.turns.resources import Resources
from shared.telemetry.genai import TokenUsage, chat, record_response


async def ask(
    resources: Resources, turn: Turn, agent: Agent, messages: Sequence[ModelMessage], *, step: int
) -> ModelReply:
    """Return the answer of the agent's model to the conversation so far, as that step of the turn.

    It is streamed if somebody reads along.

    Raises:
        ModelUnavailable: it did not answer, however often it was asked.
        ModelRefused: it will not answer this.
    """
    client = resources.models.get(agent.model)
    options = ModelOptions(temperature=agent.temperature, max_output_tokens=agent.max_output_tokens)
    toolbox = resources.toolboxes.of(agent, turn.client_tools)
    offered = toolbox.offer(resources.agents.targets(agent.name))
    prompted = instructed(messages, agent.prompt)
    with chat(
        resources.telemetry.tracing,
        agent.model,
        provider=agent.model.partition(":")[0],
        session_id=turn.session_id,
        agent=agent.name,
        temperature=agent.temperature,
        max_tokens=agent.max_output_tokens,
    ) as span:
        reply = await resources.retrying.call(
            lambda: client.request(
                prompted,
                tools=offered,
                options=options,
                on_text=resources.feed.text_listener(turn, step=step),
            )
        )
        record_response(
            span,
            usage=TokenUsage(
                input_tokens=reply.usage.input_tokens,
                output_tokens=reply.usage.output_tokens,
                cache_read_tokens=reply.usage.cached_tokens,
            ),
            model=reply.model,
            cost_usd=None if reply.cost_usd is None else float(reply.cost_usd),
        )
    return reply


def instructed(messages: Sequence[ModelMessage], instructions: str) -> list[ModelMessage]:
    """Return the messages with the agent's instructions, which are not part of the history."""
    last = max(index for index, message in enumerate(messages) if isinstance(message, ModelRequest))
    result = list(messages)
    request = messages[last]
    if isinstance(request, ModelRequest):
        parts = [part for part in request.parts if not isinstance(part, SystemPromptPart)]
        result[last] = ModelRequest(parts=parts, instructions=instructions)
    return result
