# SPDX-License-Identifier: Apache-2.0
"""What a consumer has in hand, kept where the next process of it finds it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

Place = tuple[str, int]
"""A topic and the number of a partition of it."""

Attempts = Mapping[str, int]
"""By ``offset/step``: how many attempts at a record failed in a sink or handler of the service."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InHand:
    """What is known of the records that begin at ``position`` of a partition.

    ``begun`` counts the consumers that took them in hand and were not seen to let go of them, so
    that each but the present one has crashed or was killed; ``alone`` counts those of them that had
    nothing else in hand than the record at ``position``.
    """

    position: int
    begun: int = 0
    alone: int = 0
    failed: Attempts = field(default_factory=dict[str, int])

    def taken(self, *, alone: bool) -> "InHand":
        """Return this with one consumer more."""
        return replace(self, begun=self.begun + 1, alone=self.alone + int(alone))

    def moved(self, position: int) -> "InHand":
        """Return what is known of the records from ``position`` on."""
        if position == self.position:
            return self
        failed = {key: made for key, made in self.failed.items() if offset_of(key) >= position}
        return InHand(position=position, failed=failed)


def attempt_key(offset: int, step: int) -> str:
    """Return under what the attempts of one sink or handler at a record are counted."""
    return f"{offset}/{step}"


def offset_of(key: str) -> int:
    """Return the offset in an attempt key."""
    return int(key.partition("/")[0])


class InHandStore(Protocol):
    """Keeps what the consumers of a service have in hand; it outlives their processes."""

    async def load(self, places: Collection[Place]) -> Mapping[Place, InHand]:
        """Return what was saved last of those places.

        Raises:
            DependencyDownError: the store does not answer.
        """
        ...

    async def save(self, entries: Mapping[Place, InHand]) -> None:
        """Replace what is kept of those places.

        Raises:
            DependencyDownError: the store does not answer.
        """
        ...


class ForgetfulStore:
    """Keeps nothing, for consumers that have no store: their attempts end with the process."""

    async def load(self, places: Collection[Place]) -> Mapping[Place, InHand]:
        """Return nothing."""
        return {}

    async def save(self, entries: Mapping[Place, InHand]) -> None:
        """Do nothing."""
