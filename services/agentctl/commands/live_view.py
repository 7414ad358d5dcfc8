# SPDX-License-Identifier: Apache-2.0
"""What happens in a session while it happens: a line for each event, and text as it comes."""

import sys
from typing import Any

from rich.text import Text

from services.agentctl.output import console
from services.agentctl.records.as_line import payload_line
from services.agentctl.records.matching import short_type
from services.agentctl.text import one_line, safe

TYPE_WIDTH = 27
ERROR = ("_failed", "_error_occurred")


class LiveView:
    """Prints events and text to the standard output, never mixing the two in a line."""

    def __init__(self) -> None:
        self._screen = console()
        self._writing: tuple[str, int] | None = None

    def text(self, piece: Any) -> None:
        """Print some text of a model, behind what it has said before."""
        place = (str(piece["turn_id"]), int(piece["step"]))
        if self._writing != place or piece["offset"] == 0:
            self.break_line()
            self._screen.print(Text(f"{one_line(piece['agent'])}  ", style="green"), end="")
            self._writing = place
        sys.stdout.write(safe(piece["text"]))
        sys.stdout.flush()

    def event(self, event: Any) -> None:
        """Print an event as a line, cut where the terminal ends."""
        self.break_line()
        self._screen.print(event_line(event), no_wrap=True, overflow="ellipsis", crop=True)

    def note(self, text: str, *, style: str = "dim") -> None:
        """Print a remark in lines of its own."""
        self.break_line()
        self._screen.print(text, style=style, soft_wrap=True)

    def break_line(self) -> None:
        """End the line of a text."""
        if self._writing:
            sys.stdout.write("\n")
            self._writing = None


def event_line(event: Any) -> Text:
    """Return an event as a line: its number, time, type and what it says."""
    type_ = one_line(short_type(event["type"]))
    failed = type_.endswith(ERROR)
    line = Text(f"{int(event['sequence']):>5}  {one_line(event['time'])[11:23]}  ", style="dim")
    style = "red" if failed else "bold" if ".domain." in event["type"] else ""
    line.append(f"{type_:{TYPE_WIDTH}}  ", style=style)
    line.append(one_line(payload_line(event["data"] or {})), style="dim")
    return line
