# SPDX-License-Identifier: Apache-2.0
"""What becomes of calls and questions that no event of their own ends. No I/O.

A rejected call is never made, so no event tells its end; neither does one tell that of a question
whose turn was cancelled. Their end follows from what they belong to.
"""

UNDECIDED = "pending"
NOT_MADE = frozenset({"requested", "waiting"})
_CANCELLED = "cancelled"


def settled_approval(status: str | None, *, turn: str | None) -> str | None:
    """Return where a question stands, given the status of its turn."""
    return _CANCELLED if status == UNDECIDED and turn == _CANCELLED else status


def settled_call(status: str | None, *, approval: str | None, turn: str | None) -> str | None:
    """Return where a call stands, given the status of its approval and of its turn."""
    if status not in NOT_MADE:
        return status
    if approval in {"rejected", "expired"}:
        return approval
    return _CANCELLED if turn == _CANCELLED else status
