# SPDX-License-Identifier: Apache-2.0
"""Runs ``agentctl`` in this process."""

import json
from dataclasses import dataclass
from typing import Any

import pytest

from services.agentctl.cli import run


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a command printed, and how it ended."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        """What was printed, as JSON."""
        return json.loads(self.out)

    @property
    def widest(self) -> int:
        """How many columns the longest line takes."""
        return max(len(line.rstrip()) for line in self.out.splitlines())


@dataclass(frozen=True, slots=True, kw_only=True)
class Agentctl:
    """Runs commands and captures what they print."""

    capture: pytest.CaptureFixture[str]

    def __call__(self, *arguments: str) -> Outcome:
        """Run ``agentctl`` with these arguments."""
        self.capture.readouterr()
        code = run(arguments)
        printed = self.capture.readouterr()
        return Outcome(code=code, out=printed.out, err=printed.err)
