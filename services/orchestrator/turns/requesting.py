# SPDX-License-Identifier: Apache-2.0
"""Asks one model for the turn's next step: as an agent, in a span, and heard by who reads along."""

from collections.abc import Sequence

from opentelemetry.trace import Span
from pydantic_ai.messages import ModelMessage, ModelRequest, SystemPromptPart

from services.orchestrator.agents import Agent
from services.orchestrator.models import Deadline, FailedAttempt, ModelOptions, ModelReply
from services.orchestrator.turns.progress import Progress
from services.orchestrator.turns.resources import Resources
from shared.telemetry.genai import TokenUsage, chat, record_response, record_retry


async def request_reply(
    resources: Resources,
    progress: Progress,
    agent: Agent,
    model: str,
    deadline: Deadline,
    failed: list[FailedAttempt],
) -> ModelReply:
    """Ask one model as often as it takes, in one span; the answer is streamed if somebody reads.

    ``failed`` gets each attempt that brought no answer, also if this one is cut off.

    Raises:
        ModelUnavailable: it did not answer, however often it was asked.
        ModelRefused: it will not answer this.
    """
    turn, client = progress.turn, resources.models.get(model)
    toolbox = resources.toolboxes.of(agent, turn.client_tools)
    offered = toolbox.offer(resources.agents.targets(agent.name))
    prompted = instructed(progress.messages, agent.prompt)
    options = ModelOptions(
        temperature=agent.temperature,
        max_output_tokens=agent.max_output_tokens,
        timeout=resources.settings.model_timeout,
    )

    async def request() -> ModelReply:
        return await client.request(
            prompted,
            tools=offered,
            options=options,
            on_text=resources.feed.text_listener(turn, step=progress.steps[-1].index + 1),
        )

    with chat(
        resources.telemetry.tracing,
        model,
        provider=model.partition(":")[0],
        session_id=turn.session_id,
        agent=agent.name,
        temperature=agent.temperature,
        max_tokens=agent.max_output_tokens,
    ) as span:

        def note(attempt: FailedAttempt) -> None:
            failed.append(attempt)
            record_retry(span, attempt.error, wait=attempt.wait)

        reply = await resources.attempts.make(request, on_failure=note, deadline=deadline)
        _record(span, reply)
    return reply


def _record(span: Span, reply: ModelReply) -> None:
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


def instructed(messages: Sequence[ModelMessage], instructions: str) -> list[ModelMessage]:
    """Return the messages with the agent's instructions, which are not part of the history."""
    last = max(index for index, message in enumerate(messages) if isinstance(message, ModelRequest))
    result = list(messages)
    request = messages[last]
    if isinstance(request, ModelRequest):
        parts = [part for part in request.parts if not isinstance(part, SystemPromptPart)]
        result[last] = ModelRequest(parts=parts, instructions=instructions)
    return result
