# SPDX-License-Identifier: Apache-2.0
"""Whether what the services say of the same events agrees."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What one service says of a session: how many events, and the last of them."""

    service: str
    events: int
    last_sequence: int | None = None
    by_type: Mapping[str, int] | None = None


def differences(session_id: str, accounts: list[Account]) -> list[str]:
    """Return what does not agree with the first account, in words; nothing if all does."""
    truth, *others = accounts
    found: list[str] = []
    for each in others:
        if each.events != truth.events:
            found.append(
                f"{session_id}: {each.service} has {each.events} events, "
                f"{truth.service} recorded {truth.events}"
            )
        if each.last_sequence is not None and each.last_sequence != truth.last_sequence:
            found.append(
                f"{session_id}: the last event is {truth.last_sequence} for {truth.service}, "
                f"and {each.last_sequence} for {each.service}"
            )
    return found + _type_differences(session_id, accounts)


def _type_differences(session_id: str, accounts: list[Account]) -> list[str]:
    counted = [each for each in accounts if each.by_type is not None]
    found: list[str] = []
    for one, other in pairwise(counted):
        ours, theirs = one.by_type or {}, other.by_type or {}
        found += [
            f"{session_id}: {one.service} has {ours.get(name, 0)} of {name}, "
            f"{other.service} has {theirs.get(name, 0)}"
            for name in sorted(ours.keys() | theirs.keys())
            if ours.get(name, 0) != theirs.get(name, 0)
        ]
    return found
