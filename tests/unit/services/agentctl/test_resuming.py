# SPDX-License-Identifier: Apache-2.0
"""Safeguard: a stream is opened again behind the last event, and no event is given twice."""

from collections.abc import Generator, Iterator
from contextlib import contextmanager

import pytest

from services.agentctl.errors import CommandError, NoAnswerError
from services.agentctl.resuming import PAUSES, resumed
from services.agentctl.sse import Item

END = Item(name="end", data="{}")
LOST = NoAnswerError("gone", reason="gone")

Script = list[Item | Exception] | Exception | None


class Connections:
    """Gives one script after the other, the last one for ever."""

    def __init__(self, *scripts: Script) -> None:
        self.scripts = list(scripts)
        self.behind: list[int | None] = []
        self.pauses: list[float] = []

    def read(self, after: int | None = None) -> list[int | str]:
        items = resumed(self.connect, after=after, sleep=self.pauses.append)
        return [each.name if each.id is None else each.id for each in items]

    @contextmanager
    def connect(self, last: int | None) -> Generator[Iterator[Item] | None]:
        self.behind.append(last)
        script = self.scripts.pop(0) if len(self.scripts) > 1 else self.scripts[0]
        if isinstance(script, Exception):
            raise script
        yield None if script is None else _items(script)


def _items(script: list[Item | Exception]) -> Iterator[Item]:
    for each in script:
        if isinstance(each, Exception):
            raise each
        yield each


def events(*numbers: int) -> list[Item | Exception]:
    return [Item(id=number) for number in numbers]


def test_a_stream_is_read_to_its_end() -> None:
    connections = Connections([*events(1, 2), END])

    assert connections.read() == [1, 2, "end"]
    assert connections.pauses == []


def test_a_lost_connection_is_made_again_behind_the_last_event() -> None:
    connections = Connections([*events(4, 5), LOST], LOST, events(6), [*events(7), END])

    assert connections.read(after=3) == [4, 5, 6, 7, "end"]
    assert connections.behind == [3, 5, 5, 6]
    assert connections.pauses == [PAUSES[0], PAUSES[1], PAUSES[0]]


def test_what_is_sent_again_is_left_out() -> None:
    connections = Connections([*events(1, 2), LOST], [*events(1, 2, 3), END])

    assert connections.read() == [1, 2, 3, "end"]


def test_nothing_more_is_the_end_too() -> None:
    assert Connections(events(1), None).read() == [1]


def test_a_service_that_is_not_there_is_said_so_at_once() -> None:
    connections = Connections(LOST)

    with pytest.raises(NoAnswerError):
        connections.read()
    assert connections.pauses == []


def test_a_service_that_does_not_come_back_is_given_up() -> None:
    connections = Connections([*events(1), LOST], LOST)

    with pytest.raises(NoAnswerError):
        connections.read()
    assert connections.pauses == list(PAUSES)


def test_a_refusal_is_no_lost_connection() -> None:
    connections = Connections([*events(1), LOST], CommandError("410"))

    with pytest.raises(CommandError, match="410"):
        connections.read()
