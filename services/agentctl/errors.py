# SPDX-License-Identifier: Apache-2.0
"""What ends a command."""

from shared.errors import AgentRuntimeError


class CommandError(AgentRuntimeError):
    """The command cannot be done; the message is the one line that the user reads."""


class NotThereError(CommandError):
    """A service has nothing by that name; another one may."""


class NoAnswerError(CommandError):
    """A service does not answer; ``reason`` is what came instead."""

    def __init__(self, message: str, *, reason: str) -> None:
        super().__init__(message)
        self.reason = reason
