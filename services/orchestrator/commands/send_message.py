# SPDX-License-Identifier: Apache-2.0
"""Send a message to a session: it is accepted once it is stored, and answered in a turn."""

from dataclasses import dataclass, replace

from opentelemetry.trace import get_current_span
from pydantic_ai.messages import ModelRequest, UserPromptPart

from services.orchestrator.domain.client_tool import ClientTool
from services.orchestrator.domain.turn import Step, Turn, TurnState
from services.orchestrator.store.idempotency import (
    IdempotencyKey,
    earlier_subject,
    remember,
)
from services.orchestrator.store.turns import find_turn, unfinished
from services.orchestrator.store.work import SessionWork
from services.orchestrator.turns.closing import exceed_budget
from services.orchestrator.turns.engine import TurnEngine
from services.orchestrator.turns.opening import begin_turn
from services.orchestrator.turns.progress import Progress
from services.orchestrator.turns.resources import Resources
from services.orchestrator.turns.turn_work import TurnWork
from shared.correlation import EventCorrelation
from shared.errors import ConflictError
from shared.events import MessageReceived
from shared.ids import new_id
from shared.telemetry.propagation import traceparent


@dataclass(frozen=True, slots=True, kw_only=True)
class SendMessageCommand:
    """Say something in a session."""

    session_id: str
    content: str
    client_tools: tuple[ClientTool, ...] | None = None
    """What the client runs in this turn; what it runs in the session if None."""
    key: IdempotencyKey | None = None


class SendMessageHandler:
    """Accepts messages."""

    def __init__(self, resources: Resources, engine: TurnEngine) -> None:
        self._resources = resources
        self._engine = engine

    async def handle(self, command: SendMessageCommand) -> Turn:
        """Return the turn that will answer; the message is stored.

        Work on it begins at once if the session is free and this replica has room.

        Raises:
            NotFoundError: there is no such session.
            ConflictError: the session has ended, or too many of its turns wait.
            TakenNameError: it brings a tool with the name of another one.
        """
        self._resources.toolboxes.require_free(command.client_tools or ())
        turn_id = str(new_id())
        with self._engine.expecting(turn_id):
            return await self._handle(command, turn_id)

    async def _handle(self, command: SendMessageCommand, turn_id: str) -> Turn:
        async with self._resources.work.session(command.session_id) as work:
            earlier = await earlier_subject(work.connection, command.key)
            if earlier:
                return await find_turn(work.connection, earlier)
            work.session.require_active()
            accepted = await self.accept(work, command, turn_id)
            await remember(work.connection, command.key, subject=accepted.turn.id)
        if accepted.turn.state is TurnState.RUNNING:
            self._engine.take(replace(accepted.progress, session=work.session))
        return accepted.turn

    async def accept(
        self, work: SessionWork, command: SendMessageCommand, turn_id: str | None = None
    ) -> TurnWork:
        """Record a message and its turn; it runs if this replica is to take it once committed.

        Raises:
            ConflictError: too many turns of the session wait.
        """
        waiting = len(await unfinished(work.connection, work.session.id))
        if waiting >= self._resources.settings.queue_limit:
            raise ConflictError(f"{waiting} messages of the session wait already; try again later")
        number = work.session.turn_count + 1
        received = await work.publish(
            MessageReceived(
                session_id=work.session.id,
                message_content=command.content,
                message_length=len(command.content),
                message_id=str(new_id()),
                turn_id=turn_id or str(new_id()),
            )
        )
        work.change(message_count=work.session.message_count + 1, turn_count=number)
        turn = queued(work, received, number=number)
        if command.client_tools is not None:
            turn = replace(turn, client_tools=command.client_tools)
        turn_work = TurnWork(work, Progress(turn=turn, session=work.session))
        prompt = ModelRequest(parts=[UserPromptPart(command.content, timestamp=work.now)])
        turn_work.add_step(Step(0, turn.agent, prompt), sequence=received.sequence)
        if not waiting and not work.session.paused and self._engine.room > 0:
            await self._begin(turn_work)
        await turn_work.store_new(
            owner=self._resources.owner, lease=self._resources.settings.turn_lease
        )
        return turn_work

    async def _begin(self, work: TurnWork) -> None:
        """Begin with the turn at once, or end it if a budget leaves no room for it."""
        turn = work.turn
        agent = self._resources.agent(work.session.agent, model=turn.model)
        with EventCorrelation.scope(turn.correlation_id, causation_id=turn.causation_id):
            breach = await begin_turn(self._resources, work, agent)
            if breach:
                await exceed_budget(work, breach)


def queued(work: SessionWork, received: MessageReceived, *, number: int) -> Turn:
    """Return the turn that answers a message, as it waits to be begun."""
    return Turn(
        id=received.turn_id,
        session_id=work.session.id,
        number=number,
        state=TurnState.QUEUED,
        agent=work.session.agent,
        message=received.message_content,
        correlation_id=received.correlation_id,
        causation_id=received.event_id,
        trace=current_trace(),
        accepted_at=work.now,
        started_at=None,
        agent_started_at=None,
        asking_id=None,
        handovers=0,
        reply=None,
        error=None,
        model=work.session.model,
        client_tools=work.session.client_tools,
    )


def current_trace() -> str | None:
    """Return the current span as a ``traceparent``, or None outside any trace."""
    span = get_current_span().get_span_context()
    return traceparent(span).decode() if span.is_valid else None
