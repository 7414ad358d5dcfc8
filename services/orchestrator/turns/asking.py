# SPDX-License-Identifier: Apache-2.0
"""Asks the model of an agent, and the one that stands in for it when it does not answer."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from opentelemetry.trace import Span
from pydantic_ai.messages import ModelMessage, ModelRequest, SystemPromptPart

from services.orchestrator.agents import Agent
from services.orchestrator.models import (
    Deadline,
    FailedAttempt,
    GivenUp,
    ModelOptions,
    ModelRefused,
    ModelReply,
    ModelUnavailable,
)
from services.orchestrator.turns.progress import Progress
from services.orchestrator.turns.resources import Resources
from shared.telemetry.genai import TokenUsage, chat, record_response, record_retry


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a model answered in the end: which one, and what was tried before."""

    reply: ModelReply
    model: str
    failed: tuple[FailedAttempt, ...] = ()
    given_up: tuple[GivenUp, ...] = ()


class NoAnswerError(Exception):
    """None of the models of an agent answered."""

    def __init__(self, given_up: Sequence[GivenUp]) -> None:
        super().__init__("; ".join(str(each.error) for each in given_up))
        self.given_up = tuple(given_up)


async def ask(resources: Resources, progress: Progress, agent: Agent) -> Answer:
    """Return the answer of the agent's model to the conversation so far, as the turn's next step.

    A model that stays unavailable is stood in for by the fallback; one that refuses is not, since
    what it refuses is for a person to see.

    Raises:
        NoAnswerError: there is none, however often it was asked for.
    """
    deadline = Deadline(resources.budgets.time_left(progress.session, agent))
    given_up: list[GivenUp] = []
    for model in agent.models:
        failed: list[FailedAttempt] = []
        before = deadline.taken()
        try:
            reply = await _ask(resources, progress, agent, model, deadline, failed)
        except (ModelUnavailable, ModelRefused) as error:
            taken = deadline.taken() - before
            given_up.append(GivenUp(model=model, attempts=tuple(failed), duration=taken))
            if isinstance(error, ModelRefused) or not deadline.allows(timedelta(0)):
                break
        else:
            return Answer(reply=reply, model=model, failed=tuple(failed), given_up=tuple(given_up))
    raise NoAnswerError(given_up)


async def _ask(
    resources: Resources,
    progress: Progress,
    agent: Agent,
    model: str,
    deadline: Deadline,
    failed: list[FailedAttempt],
) -> ModelReply:
    """Ask one model as often as it takes, in one span; the answer is streamed if somebody reads."""
    turn, client = progress.turn, resources.models.get(model)
    toolbox = resources.toolboxes.of(agent, turn.client_tools)
    offered = toolbox.offer(resources.agents.targets(agent.name))
    prompted = instructed(progress.messages, agent.prompt)
    options = ModelOptions(temperature=agent.temperature, max_output_tokens=agent.max_output_tokens)

    async def request() -> ModelReply:
        return await client.request(
            prompted,
            tools=offered,
            options=replace(options, timeout=deadline.within(resources.settings.model_timeout)),
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
