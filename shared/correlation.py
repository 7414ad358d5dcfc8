# SPDX-License-Identifier: Apache-2.0
"""Which conversation the current work belongs to, and what caused it."""

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from uuid import UUID

from shared.ids import new_id

_correlation_id: ContextVar[str | None] = ContextVar("correlation_id", default=None)
_causation_id: ContextVar[UUID | None] = ContextVar("causation_id", default=None)

MAX_CORRELATION_ID_LENGTH = 128


class EventCorrelation:
    """The correlation and causation of whatever runs now.

    Set at the edge, from an HTTP header or from the headers of a record; read by every event, log
    line and span that is made below, without anyone passing it by hand.
    """

    @staticmethod
    def set_correlation_id(correlation_id: str) -> None:
        """Make ``correlation_id`` the current one for this task and the tasks it starts."""
        _correlation_id.set(correlation_id)

    @staticmethod
    def get_correlation_id() -> str | None:
        """Return the current correlation id, or None outside any conversation."""
        return _correlation_id.get()

    @staticmethod
    def create_correlation_id() -> str:
        """Return a new correlation id, without making it the current one."""
        return str(new_id())

    @staticmethod
    def get_causation_id() -> UUID | None:
        """Return the id of the event being handled, or None where there is none."""
        return _causation_id.get()

    @staticmethod
    @contextmanager
    def scope(
        correlation_id: str | None = None, *, causation_id: UUID | None = None
    ) -> Generator[str]:
        """Work under ``correlation_id`` (a new one if None), then restore what was before."""
        current = correlation_id or EventCorrelation.create_correlation_id()
        outer = _correlation_id.set(current), _causation_id.set(causation_id)
        try:
            yield current
        finally:
            _correlation_id.reset(outer[0])
            _causation_id.reset(outer[1])


def is_correlation_id(value: str) -> bool:
    """Tell whether a value from outside may be used: short, printable ASCII, no spaces."""
    return (
        0 < len(value) <= MAX_CORRELATION_ID_LENGTH
        and value.isascii()
        and value.isprintable()
        and " " not in value
    )
