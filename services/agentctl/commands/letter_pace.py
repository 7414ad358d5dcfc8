# SPDX-License-Identifier: Apache-2.0
"""How fast letters are taken, and what a person sees of it."""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import typer


@dataclass(slots=True)
class Pace:
    """Lets at most ``rate`` letters through in a second; None is as fast as it goes."""

    rate: float | None
    sleep: Callable[[float], None] = time.sleep
    now: Callable[[], float] = time.monotonic
    _next: float = field(default=float("-inf"), init=False)

    def wait(self) -> None:
        """Return when the next letter may be taken."""
        if self.rate is None:
            return
        now = self.now()
        if self._next > now:
            self.sleep(self._next - now)
        self._next = max(self._next, now) + 1 / self.rate


def show_progress(done: int, total: int, *, rest: str = "") -> None:
    """Say how far it is, in a line that is written again and again, in a terminal only."""
    if sys.stderr.isatty():
        typer.echo(f"\r\x1b[K{done} of {total}{rest}", err=True, nl=False)


def end_progress() -> None:
    """Leave that line."""
    if sys.stderr.isatty():
        typer.echo(err=True)
