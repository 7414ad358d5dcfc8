# SPDX-License-Identifier: Apache-2.0
"""Contexts in Redis."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from importlib.resources import files
from typing import Any, Final

from pydantic import ValidationError

from services.agent_context.context import Context
from shared.cache import redis_errors
from shared.errors import PermanentError
from shared.rebuild import LEASE, LIVE, NotBuiltError
from shared.telemetry.database import REDIS, client_span
from shared.telemetry.tracing import Tracing

PREFIX: Final = "agent-runtime:context:"
GENERATION: Final = f"{PREFIX}generation"
REBUILDING: Final = f"{PREFIX}rebuilding"
COUNTS: Final = f"{PREFIX}counts"
WAITING: Final = f"{PREFIX}waiting"
STORE: Final = "the contexts in Redis"

AT_ONCE = 200
"""How many sessions one call of the script saves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """The context of a session as it is kept, and how many events wait beside it."""

    session_id: str
    sequence: int = 0
    document: bytes = b""
    waiting: int = 0

    def context(self) -> Context:
        """Return the context; one of a session without events if there is none.

        Raises:
            PermanentError: what is kept is no context.
        """
        if not self.sequence:
            return Context(session_id=self.session_id)
        try:
            return Context.read(self.document)
        except ValidationError as error:
            key = document_key(self.session_id)
            raise PermanentError(f"the Redis key {key} holds no context") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A new context, or None if it stays, and what waits beside it, made from ``base``.

    What is at the numbers in ``replacing`` takes the place of what waits there; other events, which
    then come for the second time, do not.
    """

    base: Stored
    context: Context | None
    applied: int
    waited: Sequence[int]
    early: Mapping[int, bytes]
    replacing: Collection[int] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreCounts:
    """Sessions and events since the store was filled, and events that wait for others now."""

    sessions: int
    events: int
    waiting: int
    waiting_sessions: int


class ContextStore:
    """Keeps contexts, so that of several writers each sees what the others wrote."""

    def __init__(
        self,
        redis: Any,
        tracing: Tracing,
        *,
        ended_retention: timedelta,
        early_retention: timedelta,
    ) -> None:
        self._redis = redis
        self._tracing = tracing
        self._times = [_ms(LEASE), _ms(ended_retention), _ms(early_retention)]
        script = files("services.agent_context").joinpath("save.lua").read_text()
        self._save = redis.register_script(script)

    async def load(self, session_ids: Sequence[str]) -> list[Stored]:
        """Return what is kept of some sessions.

        Raises:
            PermanentError: a key holds something else.
        """
        asked = self._redis.pipeline(transaction=False)
        for session_id in session_ids:
            _ask(asked, session_id)
        async with redis_errors():
            answers = await asked.execute()
        pairs = zip(answers[::2], answers[1::2], strict=True)
        return [_stored(*each) for each in zip(session_ids, pairs, strict=True)]

    async def waiting(self, session_id: str) -> Mapping[int, bytes]:
        """Return the events of a session that wait for others, by their numbers."""
        async with redis_errors():
            found = await self._redis.hgetall(waiting_key(session_id))
        return {int(number): event for number, event in found.items()}

    async def waiting_among(self, session_id: str, numbers: range) -> Mapping[int, bytes]:
        """Return those of the events with ``numbers`` that wait for others."""
        async with redis_errors():
            found = await self._redis.hmget(waiting_key(session_id), numbers)
        return {number: event for number, event in zip(numbers, found, strict=True) if event}

    async def waiting_sessions(self) -> list[str]:
        """Return the sessions with events that wait for others."""
        async with redis_errors():
            return [each.decode() for each in await self._redis.hkeys(WAITING)]

    async def save(self, changes: Sequence[Change], *, token: str = LIVE) -> list[str]:
        """Save the changes made from what is there; return the sessions of the others.

        Up to ``AT_ONCE`` sessions are saved all or none. A change that is not saved has to be made
        again, from what others have written meanwhile.

        Raises:
            NotBuiltError: the store is not complete, and ``token`` is not for completing it.
            PermanentError: a key holds something else.
        """
        stale: list[str] = []
        for start in range(0, len(changes), AT_ONCE):
            stale += await self._save_some(changes[start : start + AT_ONCE], token)
        return stale

    async def _save_some(self, changes: Sequence[Change], token: str) -> list[str]:
        keys = [GENERATION, REBUILDING, COUNTS, WAITING]
        arguments: list[Any] = [token, *self._times]
        for change in changes:
            session_id = change.base.session_id
            keys += [document_key(session_id), waiting_key(session_id)]
            arguments += _arguments(change)
        with client_span(self._tracing, system=REDIS, operation="EVALSHA", target="contexts"):
            async with redis_errors():
                status, *reply = await self._save(keys=keys, args=arguments)
        match status:
            case b"saved":
                return []
            case b"stale":
                return [change.base.session_id for change in changes]
            case b"unbuilt":
                raise NotBuiltError(STORE)
            case _:
                key, what = (word.decode() for word in reply)
                raise PermanentError(f"the Redis key {key} {what}")

    async def read(self, session_id: str) -> Stored:
        """Return what is kept of a session, for a reader.

        Raises:
            NotBuiltError: the store is not complete.
        """
        asked = _ask(self._redis.pipeline(transaction=True).exists(GENERATION), session_id)
        async with redis_errors():
            complete, *answers = await asked.execute()
        if not complete:
            raise NotBuiltError(STORE)
        return _stored(session_id, answers)

    async def counts(self) -> StoreCounts:
        """Return how much was applied since the store was filled."""
        async with redis_errors():
            found = await self._redis.hgetall(COUNTS)
            waiting = await self._count_waiting()
        return StoreCounts(
            sessions=int(found.get(b"sessions", 0)),
            events=int(found.get(b"events", 0)),
            waiting=sum(waiting),
            waiting_sessions=len(waiting),
        )

    async def _count_waiting(self) -> list[int]:
        asked = self._redis.pipeline(transaction=False)
        for session_id in await self._redis.hkeys(WAITING):
            asked.hlen(waiting_key(session_id.decode()))
        return [length for length in await asked.execute() if length]


def document_key(session_id: str) -> str:
    """Return the key of the context of a session."""
    return f"{PREFIX}session:{session_id}"


def waiting_key(session_id: str) -> str:
    """Return the key of the events of a session that wait for others."""
    return f"{PREFIX}early:{session_id}"


def _ask(pipeline: Any, session_id: str) -> Any:
    return pipeline.hmget(document_key(session_id), "sequence", "document").hlen(
        waiting_key(session_id)
    )


def _stored(session_id: str, answers: Sequence[Any]) -> Stored:
    (sequence, document), waiting = answers
    return Stored(
        session_id=session_id,
        sequence=int(sequence or 0),
        document=document or b"",
        waiting=waiting,
    )


def _arguments(change: Change) -> list[Any]:
    base, context = change.base, change.context
    early = [
        word
        for number, event in change.early.items()
        for word in (number, event, int(number in change.replacing))
    ]
    return [
        *(base.session_id, base.sequence, base.waiting),
        *(context.sequence if context else base.sequence, change.applied),
        context.canonical() if context else b"",
        int(context is not None and context.ended and not context.erased),
        *(len(change.waited), *change.waited),
        *(len(change.early), *early),
    ]


def _ms(duration: timedelta) -> int:
    return int(duration.total_seconds() * 1000)
