# SPDX-License-Identifier: Apache-2.0
"""Prints records as they come: as lines to read, as lines of JSON, or as they are."""

import sys
from enum import StrEnum

from rich.console import Console, OverflowMethod
from rich.text import Text

from services.agentctl.output import console
from services.agentctl.records.as_json import json_line
from services.agentctl.records.as_line import WIDE, Layout, heading, line
from services.agentctl.text import safe
from shared.messaging import Delivery


class Format(StrEnum):
    """How a record is printed."""

    TABLE = "table"
    JSON = "json"
    RAW = "raw"


class Printer:
    """Prints records in one format; ``prefix`` is that of the installation's topics."""

    def __init__(self, format_: Format, *, prefix: str, with_session: bool = True) -> None:
        self._format = format_
        self._screen: Console = console()
        self._whole = not sys.stdout.isatty()
        width = WIDE if self._whole else self._screen.width
        self._layout = Layout(prefix=prefix, width=width, with_session=with_session)
        self._begun = False

    def show(self, delivery: Delivery) -> None:
        """Print a record, at once."""
        match self._format:
            case Format.JSON:
                sys.stdout.write(json_line(delivery) + "\n")
            case Format.RAW:
                _write_raw(delivery.record.value or b"")
            case Format.TABLE:
                self._show_line(delivery)
        sys.stdout.flush()

    def _show_line(self, delivery: Delivery) -> None:
        if not self._begun:
            self._print(heading(self._layout))
            self._begun = True
        self._print(line(delivery, self._layout))

    def _print(self, text: Text) -> None:
        """Cut a line where the terminal ends; another program gets all of it."""
        overflow: OverflowMethod = "ignore" if self._whole else "ellipsis"
        self._screen.print(text, no_wrap=True, overflow=overflow, crop=not self._whole)


def _write_raw(value: bytes) -> None:
    """Write the bytes and an end of line; a terminal is spared what could steer it."""
    if sys.stdout.isatty():
        sys.stdout.write(safe(value.decode(errors="replace")) + "\n")
        return
    sys.stdout.flush()
    sys.stdout.buffer.write(value + b"\n")
    sys.stdout.buffer.flush()
