# SPDX-License-Identifier: Apache-2.0
"""What a dead letter can become, and what may be done with it.

open ──redrive──▶ redriven ──handled──▶ resolved
 │ ╲                 └──failed again──▶ open, or parked after too many times
 │  ──discard──▶ discarded ◀──discard──── parked
 └──edit──▶ edited: a new event takes its place
"""

from collections.abc import Sequence
from enum import StrEnum


class Status(StrEnum):
    """Where a letter is in its life."""

    OPEN = "open"
    REDRIVEN = "redriven"
    RESOLVED = "resolved"
    DISCARDED = "discarded"
    PARKED = "parked"
    EDITED = "edited"


class Action(StrEnum):
    """What happened to a letter after it came."""

    REDRIVEN = "redriven"
    FAILED_AGAIN = "failed_again"
    RESOLVED = "resolved"
    PARKED = "parked"
    DISCARDED = "discarded"
    EDITED = "edited"


ERASED = "what it said was erased with its session, so there is nothing to send; discard it"
"""Why a letter can neither be redriven nor edited."""

WAITING = frozenset({Status.OPEN, Status.PARKED})
"""The letters that wait for somebody to decide."""


RESOLVABLE = frozenset({Status.REDRIVEN, *WAITING})
"""The letters that are closed when their last redrive is handled.

One that waits again is among them: a record that comes twice may fail once and be handled once, in
either order, and then it had its effect.
"""


def after_failing_again(*, redrive_count: int, max_redrives: int) -> Status:
    """Return what becomes of a letter that failed after its last redrive."""
    return Status.PARKED if redrive_count >= max_redrives else Status.OPEN


def why_not_discard(status: Status) -> str | None:
    """Return why a letter cannot be discarded, or None if it can."""
    if status in WAITING:
        return None
    return f"the letter is {status}; only an open or a parked one can be discarded"


def why_not_redrive(
    status: Status,
    service: str | None,
    *,
    services: Sequence[str],
    claim: str | None = None,
    erased: bool = False,
) -> str | None:
    """Return why a letter cannot be redriven, or None if it can.

    ``services`` are those that have a retry topic; ``claim`` says where the value lies that the
    letter is without, ``erased`` that nobody has it any more.
    """
    if erased:
        return ERASED
    not_sent = _why_not_sent(service, services)
    if not_sent:
        return not_sent
    if status not in WAITING:
        return f"the letter is {status}; only an open or a parked one can be redriven"
    if claim:
        return (
            f"the value was too large for the letter and lies at {claim} (topic/partition/offset);"
            " without it there is nothing to send; take it from there, or discard the letter"
        )
    return None


def why_not_edit(
    status: Status, service: str | None, *, services: Sequence[str], erased: bool = False
) -> str | None:
    """Return why no corrected copy of a letter can be sent, or None if one can."""
    if erased:
        return ERASED
    if status not in WAITING:
        return f"the letter is {status}; only an open or a parked one can be edited"
    return _why_not_sent(service, services)


def _why_not_sent(service: str | None, services: Sequence[str]) -> str | None:
    if service is None:
        return (
            "the headers of the letter do not say which service failed (another framework wrote"
            " them, or nobody did), so there is no retry topic to send it to"
        )
    if service not in services:
        return f"{service!r} has no retry topic; those that have one are {', '.join(services)}"
    return None
