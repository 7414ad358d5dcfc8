# SPDX-License-Identifier: Apache-2.0
"""What a person sees while something is under way."""

from types import TracebackType
from typing import Protocol

from rich.console import Console
from rich.markup import escape
from rich.status import Status


class Progress(Protocol):
    """Told what is being done, what is done, and what went wrong on the way."""

    def doing(self, what: str) -> None:
        """Say what is under way now."""
        ...

    def done(self, what: str) -> None:
        """Say what has been achieved."""
        ...

    def trouble(self, what: str) -> None:
        """Say what went wrong although the work goes on."""
        ...


class QuietProgress:
    """Says nothing."""

    def doing(self, what: str) -> None:
        """Ignore it."""

    def done(self, what: str) -> None:
        """Ignore it."""

    def trouble(self, what: str) -> None:
        """Ignore it."""


class ConsoleProgress:
    """Lines for what is done, and in a terminal a spinner for what is under way."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._status = Status("", console=console)

    def __enter__(self) -> "ConsoleProgress":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._status.stop()

    def doing(self, what: str) -> None:
        """Show the spinner, with ``what`` beside it; nothing takes it away."""
        self._status.update(escape(what) + " …")
        if self._console.is_terminal and what:
            self._status.start()
        else:
            self._status.stop()

    def done(self, what: str) -> None:
        """Print a line with a tick."""
        self._print("green", "✓", what)

    def trouble(self, what: str) -> None:
        """Print a line with an exclamation mark."""
        self._print("yellow", "!", what)

    def _print(self, colour: str, mark: str, what: str) -> None:
        line = f"[{colour}]{mark}[/] {escape(what)}"
        self._console.print(line, highlight=False, soft_wrap=True)
