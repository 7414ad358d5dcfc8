# SPDX-License-Identifier: Apache-2.0
"""Where in the code each named point is; a name that is gone there ends the process at its start.

Nothing in services or shared knows of it: the methods are wrapped in a process of a test alone.
"""

import os
import signal
from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import Any

from sqlalchemy.engine.default import DefaultDialect

from shared.messaging.processing import BatchProcessor
from shared.messaging.producer import KafkaProducer
from shared.messaging.records import OutgoingRecord, Record
from shared.messaging.subscriber import RecordSubscriber, _RebalanceListener
from shared.outbox.relay import OutboxRelay
from shared.outbox.store import Outbox
from tests.support.chaos.orders import Orders, Point


class Strike:
    """Ends this process, as ``kill -9`` would, when it has passed a point often enough."""

    def __init__(self, orders: Orders) -> None:
        self._left = orders.occurrence
        self._mark = Path(orders.mark)

    def due(self) -> bool:
        """Count a passing; tell whether it is the one."""
        self._left -= 1
        return self._left == 0

    def now(self) -> None:
        """Leave the mark and end."""
        self._mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)

    def passing(self) -> None:
        """Count a passing, and end if it is the one."""
        if self.due():
            self.now()


def arm(orders: Orders) -> None:
    """Make this process end itself at the point in its orders, if there is one."""
    if orders.point:
        _PLACES[orders.point](Strike(orders))


def _before(owner: type, method: str, strike: Strike) -> None:
    original = getattr(owner, method)

    @wraps(original)
    async def wrapped(*arguments: Any, **named: Any) -> Any:
        strike.passing()
        return await original(*arguments, **named)

    setattr(owner, method, wrapped)


def _after(owner: type, method: str, strike: Strike) -> None:
    original = getattr(owner, method)

    @wraps(original)
    async def wrapped(*arguments: Any, **named: Any) -> Any:
        result = await original(*arguments, **named)
        strike.passing()
        return result

    setattr(owner, method, wrapped)


def _before_commit(strike: Strike) -> None:
    _before(RecordSubscriber, "_commit", strike)


def _after_dead_letter(strike: Strike) -> None:
    original = KafkaProducer.write

    @wraps(original)
    async def write(self: KafkaProducer, record: OutgoingRecord) -> None:
        await original(self, record)
        if record.topic.endswith(".dlq"):
            strike.passing()

    setattr(KafkaProducer, "write", write)  # noqa: B010 -- mypy allows no assignment to a method


def _mid_batch(strike: Strike) -> None:
    original = BatchProcessor.process

    @wraps(original)
    async def process(self: BatchProcessor, records: Sequence[Record]) -> None:
        if len(records) > 1 and strike.due():
            await original(self, records[: len(records) // 2])
            strike.now()
        await original(self, records)

    setattr(BatchProcessor, "process", process)  # noqa: B010 -- as above


def _during_rebalance(strike: Strike) -> None:
    original = _RebalanceListener.on_partitions_revoked

    @wraps(original)
    async def revoked(self: Any, partitions: Any) -> None:
        if partitions:
            strike.passing()
        await original(self, partitions)

    setattr(_RebalanceListener, "on_partitions_revoked", revoked)  # noqa: B010 -- as above


def _at_database_commit(*, before: bool) -> Callable[[Strike], None]:
    def place(strike: Strike) -> None:
        original: Any = DefaultDialect.do_commit

        @wraps(original)
        def do_commit(self: DefaultDialect, connection: Any) -> None:
            if before:
                strike.passing()
            original(self, connection)
            if not before:
                strike.passing()

        setattr(DefaultDialect, "do_commit", do_commit)  # noqa: B010 -- as above

    return place


def _after_tool(strike: Strike) -> None:
    # Imported here, since the other services have no tools.
    from services.orchestrator.tools.tool import FunctionTool

    _after(FunctionTool, "call", strike)


_PLACES: dict[Point, Callable[[Strike], None]] = {
    Point.AFTER_EFFECT_BEFORE_COMMIT: _before_commit,
    Point.AFTER_DEAD_LETTER_BEFORE_COMMIT: _after_dead_letter,
    Point.MID_BATCH: _mid_batch,
    Point.DURING_REBALANCE: _during_rebalance,
    Point.BEFORE_DATABASE_COMMIT: _at_database_commit(before=True),
    Point.AFTER_DATABASE_COMMIT: _at_database_commit(before=False),
    Point.BEFORE_PUBLISH: lambda strike: _before(OutboxRelay, "_publish", strike),
    Point.AFTER_PUBLISH_BEFORE_MARKING: lambda strike: _before(Outbox, "published", strike),
    Point.AFTER_TOOL_BEFORE_RECORDING: _after_tool,
}
