# SPDX-License-Identifier: Apache-2.0
"""The Merkle tree of RFC 6962: a log of any length as one hash, grown a leaf at a time."""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import NamedTuple

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()

STORED_LEVELS = 8
"""Of the levels of the tree, every eighth is stored: 0 (the leaves), 8, 16 … as in tlog-tiles.

The hashes between are recomputed from at most 256 stored ones, so a tree costs 1/255 more rows
than it has leaves and a proof still reads a number of rows that grows with the logarithm.
"""


class Node(NamedTuple):
    """The place of a perfect subtree: 2^level leaves from ``number << level`` on."""

    level: int
    number: int


def hash_leaf(data: bytes) -> bytes:
    """Return the hash of a leaf; its prefix tells it apart from the hash of an inner node."""
    return sha256(b"\x00" + data).digest()


def hash_children(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node."""
    return sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Frontier:
    """The right edge of a tree: all that appending needs to know of the leaves before.

    ``peaks`` are the roots of the perfect subtrees that the leaves fall into, largest first: one
    for each bit that is set in ``size``.
    """

    size: int = 0
    peaks: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        if len(self.peaks) != self.size.bit_count():
            raise ValueError(f"{self.size} leaves cannot have {len(self.peaks)} peaks")

    def root(self) -> bytes:
        """Return the hash of the whole tree."""
        if not self.peaks:
            return EMPTY_ROOT
        *rest, root = self.peaks
        for peak in reversed(rest):
            root = hash_children(peak, root)
        return root

    def extend(
        self, hashes: Iterable[bytes], *, level: int = 0
    ) -> tuple["Frontier", dict[Node, bytes]]:
        """Return the frontier after appending, and the inner nodes to store that this completed.

        ``hashes`` are leaf hashes, or roots of perfect subtrees of ``level`` where the size is a
        multiple of what they cover.
        """
        if self.size % (1 << level):
            raise ValueError(f"a subtree of level {level} cannot follow {self.size} leaves")
        peaks, completed = list(self.peaks), dict[Node, bytes]()
        place = self.size >> level
        for node in hashes:
            height, index = level, place
            while index & 1:
                node = hash_children(peaks.pop(), node)
                height, index = height + 1, index >> 1
                if height % STORED_LEVELS == 0:
                    completed[Node(height, index)] = node
            peaks.append(node)
            place += 1
        return Frontier(size=place << level, peaks=tuple(peaks)), completed
