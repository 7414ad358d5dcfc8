# SPDX-License-Identifier: Apache-2.0
"""The figures in Redis."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from importlib.resources import files
from typing import Any, Final

from services.metrics.batch import (
    PREFIX,
    TOTALS,
    Mark,
    Marks,
    encode,
    key_of,
    refused,
    session_key,
)
from services.metrics.changes import Changes, Key, Refused
from shared.cache import redis_errors
from shared.errors import PermanentError, TransientError
from shared.events import Event
from shared.rebuild import LEASE, LIVE, NotBuiltError
from shared.telemetry.database import REDIS, client_span
from shared.telemetry.tracing import Tracing

Fold = Callable[[Iterable[Event], Refused], Changes]
"""Returns what events add."""

GENERATION: Final = f"{PREFIX}generation"
REBUILDING: Final = f"{PREFIX}rebuilding"

STORE: Final = "the figures in Redis"

_ROUNDS = 50


class MetricsStore:
    """Adds what events add, each event once, whoever else adds at the same time.

    The common case, a batch of new events, takes one call of the script. It refuses a batch with
    events that were added before and names them, and the call is repeated without them.
    """

    def __init__(
        self,
        redis: Any,
        tracing: Tracing,
        *,
        retention: timedelta,
        max_label_values: int,
    ) -> None:
        self._redis = redis
        self._tracing = tracing
        self._retention = int(retention.total_seconds() * 1000)
        self._room = max_label_values
        script = files("services.metrics").joinpath("apply.lua").read_text()
        self._apply = redis.register_script(script)

    async def add(
        self, ledger: str, events: Sequence[Event], fold: Fold, *, token: str = LIVE
    ) -> int:
        """Add what ``events`` add, as far as ``ledger`` has not counted them; return how many.

        Raises:
            NotBuiltError: the figures are not complete, and ``token`` is not for completing them.
            PermanentError: an event has no place in its sequence, or a key in Redis holds
                something else than figures. Nothing was added.
        """
        new = _by_mark(events)
        marks = Marks(ledger)
        without: Mapping[str, set[str]] = {}
        for _ in range(_ROUNDS):
            if not new:
                return 0
            changes = fold(new.values(), without)
            status, *reply = await self._call(token, encode(marks, new, changes))
            match status:
                case b"applied":
                    return len(new)
                case b"seen":
                    new = _without(new, reply, marks)
                case b"names":
                    without = _merged(without, refused(reply, changes.names))
                case _:
                    raise _refusal(status, reply)
        raise TransientError(f"others count the same {len(events)} events at the same time")

    async def _call(self, token: str, batch: str) -> list[Any]:
        lease = int(LEASE.total_seconds() * 1000)
        traced = client_span(self._tracing, system=REDIS, operation="EVALSHA", target="metrics")
        with traced:
            async with redis_errors():
                reply: list[Any] = await self._apply(
                    keys=[GENERATION, REBUILDING, TOTALS],
                    args=[token, lease, self._retention, self._room, batch],
                )
                return reply

    async def totals(self) -> Mapping[Key, int]:
        """Return every figure of the installation, all of one moment.

        Raises:
            NotBuiltError: they are not complete.
        """
        async with redis_errors():
            return read_totals(await ask_totals(self._redis.pipeline(transaction=True)).execute())

    async def session(self, session_id: str) -> Mapping[str, int] | None:
        """Return the figures of a session, or None if no event of it was counted.

        Raises:
            NotBuiltError: they may not be complete.
        """
        asked = self._redis.pipeline(transaction=True).exists(GENERATION)
        async with redis_errors():
            complete, found = await asked.hgetall(session_key(session_id)).execute()
        if not complete:
            raise NotBuiltError(STORE)
        figures = {name.decode(): int(amount) for name, amount in found.items()}
        return figures if "events" in figures else None


def ask_totals(pipeline: Any) -> Any:
    """Put the question for the totals into ``pipeline``, and return it."""
    return pipeline.exists(GENERATION).hgetall(TOTALS)


def read_totals(answers: Sequence[Any]) -> Mapping[Key, int]:
    """Return the totals from the answers to that question.

    Raises:
        NotBuiltError: they are not complete.
    """
    complete, found = answers
    if not complete:
        raise NotBuiltError(STORE)
    return {key_of(field): int(amount) for field, amount in found.items()}


def _by_mark(events: Iterable[Event]) -> dict[Mark, Event]:
    found: dict[Mark, Event] = {}
    for event in events:
        if not event.sequence:
            raise PermanentError(f"event {event.event_id} has no place in its sequence")
        found[event.aggregate_id, event.sequence] = event
    return found


def _without(events: dict[Mark, Event], seen: list[Any], marks: Marks) -> dict[Mark, Event]:
    words = iter(seen)
    known = {(key.decode(), int(bit)) for key, bit in zip(words, words, strict=True)}
    return {mark: event for mark, event in events.items() if marks.place(mark) not in known}


def _merged(known: Mapping[str, set[str]], more: Mapping[str, set[str]]) -> dict[str, set[str]]:
    return {
        kind: known.get(kind, set()) | more.get(kind, set()) for kind in known.keys() | more.keys()
    }


def _refusal(status: bytes, reply: list[Any]) -> Exception:
    if status == b"unbuilt":
        return NotBuiltError(STORE)
    key, what = (word.decode() for word in reply)
    return PermanentError(f"the Redis key {key} {what}")
