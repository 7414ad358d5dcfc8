# SPDX-License-Identifier: Apache-2.0
"""Errors, named for what to do about them.

AgentRuntimeError
├── PermanentError            never again: the record goes to the dead letter queue at once
│   ├── DecodingError         the bytes are no event we know; ``kind`` says in what way
│   ├── RecordTooLargeError   the broker takes no record of this size
│   ├── NotFoundError         there is nothing by that name
│   ├── ConfigurationError    a person has to change a setting
│   └── ConflictError         somebody else was first; reading again may help, repeating does not
└── TransientError            again after a pause, a limited number of times
    └── DependencyDownError   a server does not answer: pause, probe, resume; never a dead letter
"""

from enum import StrEnum


class AgentRuntimeError(Exception):
    """Every error this project raises on purpose."""


class PermanentError(AgentRuntimeError):
    """Repeating the work would fail in the same way."""


class TransientError(AgentRuntimeError):
    """Repeating the work after a pause may succeed."""


class DependencyDownError(TransientError):
    """A server that the work needs cannot be reached, or is not fit to do it."""

    def __init__(self, dependency: str, reason: str, *, state: str = "is down") -> None:
        super().__init__(f"{dependency} {state}: {reason}")
        self.dependency = dependency
        self.reason = reason


class ConfigurationError(PermanentError):
    """A setting is missing or wrong; the message says which, and what to write."""


class ConflictError(PermanentError):
    """The state is no longer the one that the request was made for."""


class RecordTooLargeError(PermanentError):
    """The broker takes no record of this size."""


class NotFoundError(PermanentError):
    """There is nothing by the name that was given."""


class DecodingProblem(StrEnum):
    """In what way the bytes of a record are not an event."""

    TOMBSTONE = "tombstone"
    EMPTY = "empty"
    HEADERS = "headers"
    JSON = "json"
    SCHEMA = "schema"
    UNKNOWN_TYPE = "unknown_type"
    FUTURE_VERSION = "future_version"
    OVERSIZE = "oversize"


class DecodingError(PermanentError):
    """The bytes of a record cannot be read as an event."""

    def __init__(self, kind: DecodingProblem, reason: str) -> None:
        super().__init__(reason)
        self.kind = kind


PROGRAMMING_ERRORS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    ImportError,
    LookupError,
    NameError,
    NotImplementedError,
    TypeError,
    ValueError,
)


def is_permanent(error: BaseException) -> bool:
    """Tell whether repeating the work that raised ``error`` cannot help.

    What the project raised says so itself. Of the rest, the errors that a wrong value or a wrong
    program raises are permanent, and those that the world raises (network, files, time) are not.
    """
    if isinstance(error, AgentRuntimeError):
        return isinstance(error, PermanentError)
    return isinstance(error, PROGRAMMING_ERRORS)
