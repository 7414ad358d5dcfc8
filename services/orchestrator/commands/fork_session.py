# SPDX-License-Identifier: Apache-2.0
"""Fork a session: a new one that begins with the past of another, up to a point."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from services.orchestrator.commands.forked_files import FileRestorer, RestoredFiles
from services.orchestrator.commands.inheriting import announce, inherit, take_up_again
from services.orchestrator.commands.send_message import SendMessageCommand, SendMessageHandler
from services.orchestrator.domain.fork import Changed, Fork
from services.orchestrator.domain.forking import Cut, ForkPoint, UnforkableError, cut
from services.orchestrator.domain.session import Session, SessionState
from services.orchestrator.domain.turn import TurnState
from services.orchestrator.domain.usage import Usage
from services.orchestrator.models import tokens_of_message
from services.orchestrator.store.forks import marks_of, past_turns
from services.orchestrator.store.idempotency import IdempotencyKey, earlier_subject, remember
from services.orchestrator.store.steps import recorded_messages
from services.orchestrator.store.work import SessionWork, read_session
from services.orchestrator.turns.engine import TurnEngine
from services.orchestrator.turns.progress import Progress
from services.orchestrator.turns.resources import Resources
from services.orchestrator.turns.turn_work import TurnWork
from shared.errors import NotFoundError
from shared.events import SessionForked
from shared.ids import new_id

END = ForkPoint()
MAX_TURNS = 5000
"""How many turns a fork can begin with: all are written in one transaction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ForkSessionCommand:
    """Begin a new session with the past of another, and go on in another way."""

    session_id: str
    forked_by: str
    point: ForkPoint = END
    reason: str = ""
    message: str | None = None
    agent: str | None = None
    model: str | None = None
    title: str | None = None
    with_files: bool = True
    key: IdempotencyKey | None = None

    @property
    def changed(self) -> tuple[Changed, ...]:
        """What is to be other than in the original."""
        names: tuple[Changed, ...] = ("message", "agent", "model")
        return tuple(name for name in names if getattr(self, name) is not None)


class ForkSessionHandler:
    """Forks sessions; for the copied past no model, tool or person is asked again."""

    def __init__(self, resources: Resources, send: SendMessageHandler, engine: TurnEngine) -> None:
        self._resources = resources
        self._send = send
        self._engine = engine
        self._files = FileRestorer(resources.workspaces, resources.tools)

    async def handle(self, command: ForkSessionCommand) -> Session:
        """Return the new session, whose ``fork`` says what came along.

        Raises:
            NotFoundError: there is no such session, or it was deleted.
            UnknownAgentError: there is no agent of that name.
            ConfigurationError: there is no model of that name, or no key for it.
            UnforkableError: it cannot be forked at that point.
            ConflictError: its files cannot be copied.
        """
        if command.agent:
            self._resources.agents.get(command.agent)
        if command.model:
            self._resources.models.get(command.model)
        async with self._resources.work.session(command.session_id) as original:
            earlier = await earlier_subject(original.connection, command.key)
            if earlier:
                return await read_session(original.connection, earlier)
            if original.session.state is SessionState.DELETED:
                raise NotFoundError(f"there is no session {command.session_id!r}")
            fork, begun = await self._fork(original, command)
            await remember(original.connection, command.key, subject=fork.id)
        if begun:
            self._engine.take(begun)
        self._engine.look()
        return fork

    async def _fork(
        self, original: SessionWork, command: ForkSessionCommand
    ) -> tuple[Session, Progress | None]:
        session = original.session
        where = cut(
            await marks_of(original.connection, session.id),
            command.point,
            last=session.last_sequence,
            agent=session.agent,
        )
        _check(command, where)
        new = _new_session(original, command, where)
        async with (
            self._files_of(original, command, where, new) as files,
            self._resources.work.beside(original, new) as work,
        ):
            accepted = await self._begin(work, command, where, files)
        if work.session.fork:
            event = _event(command, work.session.fork, of=session.id, other=new.id)
            await original.publish(event)
        if accepted is None or accepted.turn.state is not TurnState.RUNNING:
            return work.session, None
        return work.session, replace(accepted.progress, session=work.session)

    @asynccontextmanager
    async def _files_of(
        self, original: SessionWork, command: ForkSessionCommand, where: Cut, new: Session
    ) -> AsyncGenerator[RestoredFiles]:
        """Give the fork its files; they are removed again if it does not come to be."""
        if not command.with_files:
            yield RestoredFiles(state="empty")
            return
        try:
            yield await self._files.restore(
                original.connection, where, original=command.session_id, fork=new.id
            )
        except BaseException:
            await asyncio.to_thread(self._resources.workspaces.remove, new.id)
            raise

    async def _begin(
        self, work: SessionWork, command: ForkSessionCommand, where: Cut, files: RestoredFiles
    ) -> TurnWork | None:
        """Record the beginning of the fork, and what it goes on with.

        Returns the turn of the changed message, if there is one.
        """
        past = await past_turns(work.connection, command.session_id, where.whole)
        fork = Fork(
            session_id=command.session_id,
            at_sequence=where.sequence,
            turns=len(where.whole),
            messages=sum(1 if each.reply is None else 2 for each in past),
            changed=command.changed,
            workspace=files.state,
            not_repeated=files.not_repeated,
        )
        work.change(fork=fork)
        event = _event(command, fork, of=work.session.id, other=fork.session_id)
        await announce(work, event, asked_for=command.agent is not None)
        await inherit(work, past, where.whole)
        turns = await take_up_again(work, where.reopened)
        work.change(usage=await _usage(work))
        accepted = None
        if command.message is not None:
            said = SendMessageCommand(session_id=work.session.id, content=command.message)
            accepted = await self._send.accept(work, said)
            turns = [accepted.turn]
        work.change(fork=fork.model_copy(update={"turn_ids": tuple(each.id for each in turns)}))
        return accepted


def _new_session(original: SessionWork, command: ForkSessionCommand, where: Cut) -> Session:
    session = original.session
    return replace(
        session,
        id=str(new_id()),
        state=SessionState.ACTIVE,
        agent=command.agent or where.agent,
        model=command.model or session.model,
        title=session.title if command.title is None else command.title,
        created_by=command.forked_by,
        created_at=original.now,
        updated_at=original.now,
        last_sequence=0,
        agent_sequence=0,
        message_count=0,
        turn_count=0,
        delegated_by=() if command.agent else session.delegated_by,
        forked_from=session.id,
        fork=None,
    )


async def _usage(work: SessionWork) -> Usage:
    """Return what a fork has used, which is nothing: its past was paid for by the original."""
    messages = await recorded_messages(work.connection, work.session.id)
    return Usage().remember(sum(map(tokens_of_message, messages)))


def _event(command: ForkSessionCommand, fork: Fork, *, of: str, other: str) -> SessionForked:
    """Return the event of a fork as one of the two sessions sees it: ``of``, about ``other``."""
    return SessionForked(
        session_id=of,
        direction="to" if of == fork.session_id else "from",
        other_session_id=other,
        at_sequence=fork.at_sequence,
        forked_by=command.forked_by,
        reason=command.reason,
        changed=list(fork.changed),
        workspace=fork.workspace,
        inherited_messages=fork.messages,
    )


def _check(command: ForkSessionCommand, where: Cut) -> None:
    if len(where.whole) > MAX_TURNS:
        raise UnforkableError(f"a fork can begin with {MAX_TURNS} turns, not {len(where.whole)}")
    if command.message is not None and where.reopened:
        turn = where.reopened[0].turn
        raise UnforkableError(
            f"turn {turn.number} had not ended at event {where.sequence}: fork before_turn or"
            f" after_turn {turn.number} to say something else, or without a message to have it"
            " done again from there"
        )
