# SPDX-License-Identifier: Apache-2.0
"""What a read model is: rows with a key, and for each column how changes to it add up."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, singledispatch
from typing import Any

from shared.events import Event

Values = Mapping[str, Any]
"""The values of some columns; None changes nothing."""

Projection = Callable[[Event], Values | None]
"""Returns what an event changes in one row: its key and some columns; or None for nothing."""


class ByClass:
    """A function of an event, with another body for some classes of events.

    It is ``functools.singledispatch``, but looks each class up once only.
    """

    def __init__(self, function: Callable[[Event], Values]) -> None:
        dispatcher = singledispatch(function)
        self.register = dispatcher.register
        self._found = cache(dispatcher.dispatch)

    def __call__(self, event: Event) -> Values:
        """Return what the body for the class of ``event`` returns."""
        return self._found(event.__class__)(event)


class Merge(StrEnum):
    """How the changes to a column add up, in the order of the events."""

    LAST = "last"
    FIRST = "first"
    ADD = "add"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadModel:
    """Rows that follow from the events of a session.

    An event says only what it changes, never what was there before. So the changes of a whole
    batch can be added up first and brought into the database in one statement, without reading.
    """

    name: str
    key: tuple[str, ...]
    columns: Mapping[str, Merge]
    projection: Projection
    concerns: Callable[[type[Event]], bool]
    """Whether events of a class can change it at all."""


def columns(*, last: str = "", first: str = "", add: str = "") -> dict[str, Merge]:
    """Return columns by name, with how changes to them add up."""
    kinds = {Merge.LAST: last, Merge.FIRST: first, Merge.ADD: add}
    return {name: merge for merge, names in kinds.items() for name in names.split()}
