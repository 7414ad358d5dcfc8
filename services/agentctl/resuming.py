# SPDX-License-Identifier: Apache-2.0
"""Reads a stream to its end, however often the connection is lost."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

from services.agentctl.errors import NoAnswerError
from services.agentctl.sse import Item

PAUSES = (0.5, 1, 2, 4, *[5.0] * 20)
"""Seconds before each attempt to connect again; after the last one it is given up."""

END = "end"

Connect = Callable[[int | None], AbstractContextManager[Iterator[Item] | None]]
"""Opens the stream behind an event; None says that nothing more comes."""


def resumed(
    connect: Connect, *, after: int | None, sleep: Callable[[float], None]
) -> Iterator[Item]:
    """Yield the items of a stream until it says that it ends, each event once.

    Raises:
        NoAnswerError: there was no connection from the start, or none for two minutes.
    """
    last, failures, begun = after, 0, False
    while True:
        try:
            with connect(last) as items:
                if items is None:
                    return
                for item in items:
                    begun, failures = True, 0
                    if item.id is not None:
                        if last is not None and item.id <= last:
                            continue
                        last = item.id
                    yield item
                    if item.name == END:
                        return
        except NoAnswerError:
            if not begun or failures >= len(PAUSES):
                raise
        sleep(PAUSES[min(failures, len(PAUSES) - 1)])
        failures += 1
