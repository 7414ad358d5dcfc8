# SPDX-License-Identifier: Apache-2.0
"""Paths through the tree: which subtrees prove that a leaf is in it, or that it only ever grew.

The shape of a path follows from the sizes alone. So the side that proves and the side that
verifies both begin with the same spans of leaves; one looks their hashes up, the other folds the
hashes it was given. The order is that of RFC 6962, from the leaf to the root.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import NamedTuple

from services.audit.transparency.errors import VerificationError
from services.audit.transparency.merkle import (
    EMPTY_ROOT,
    STORED_LEVELS,
    Frontier,
    Node,
    hash_children,
)


class Span(NamedTuple):
    """The leaves from ``start`` up to but not including ``end``, as one subtree."""

    start: int
    end: int


def inclusion_path(index: int, size: int) -> list[Span]:
    """Return the subtrees that, with leaf ``index``, make up the tree of ``size`` leaves."""
    if not 0 <= index < size:
        raise VerificationError(f"a log of {size} entries has no entry {index}")
    return [sibling for _, sibling in _descent(index, size)][::-1]


def consistency_path(old: int, new: int) -> list[Span]:
    """Return the subtrees that make up both the tree of ``old`` leaves and that of ``new``.

    Where ``old`` is a power of two its tree is itself the first of them, and is left out: the
    verifier has its root.
    """
    if not 0 <= old <= new:
        raise VerificationError(f"a log of {new} entries was never one of {old}")
    if old in (0, new):
        return []
    past_old = [step for step in _descent(old - 1, new) if max(step).end > old]
    path = [sibling for _, sibling in reversed(past_old)]
    seed, _ = past_old[-1]
    return [seed, *path] if seed.start else path


def stored_nodes(span: Span) -> Iterator[Node]:
    """Yield the stored nodes that cover ``span``, from left to right, as few as there are."""
    start = span.start
    while start < span.end:
        level = 0
        while _fits(start, span.end, level + STORED_LEVELS):
            level += STORED_LEVELS
        yield Node(level, start >> level)
        start += 1 << level


def fold(span: Span, hashes: Mapping[Node, bytes]) -> bytes:
    """Return the hash of ``span`` from the hashes of its stored nodes."""
    frontier = Frontier()
    for level, nodes in groupby(stored_nodes(span), key=lambda node: node.level):
        frontier, _ = frontier.extend((hashes[node] for node in nodes), level=level)
    return frontier.root()


def verify_inclusion(
    leaf: bytes, path: Sequence[bytes], *, index: int, size: int, root: bytes
) -> None:
    """Return if ``path`` proves that the tree with ``root`` has the hash ``leaf`` at ``index``.

    Raises:
        VerificationError: it does not.
    """
    spans = inclusion_path(index, size)
    if len(path) != len(spans):
        raise VerificationError(f"an inclusion proof of {len(path)} hashes, not {len(spans)}")
    node = leaf
    for span, sibling in zip(spans, path, strict=True):
        on_the_right = span.start > index
        node = hash_children(node, sibling) if on_the_right else hash_children(sibling, node)
    if node != root:
        raise VerificationError(f"entry {index} is not in the log of {size} entries")


def verify_consistency(
    path: Sequence[bytes], *, old_size: int, old_root: bytes, new_size: int, new_root: bytes
) -> None:
    """Return if ``path`` proves that the new tree begins with every leaf of the old one.

    Raises:
        VerificationError: it does not.
    """
    spans = consistency_path(old_size, new_size)
    if len(path) != len(spans):
        raise VerificationError(f"a consistency proof of {len(path)} hashes, not {len(spans)}")
    old, new = (old_root, old_root) if old_size else (EMPTY_ROOT, new_root)
    for span, node in zip(spans, path, strict=True):
        if span.end == old_size:
            old = new = node
        elif span.end < old_size:
            old, new = hash_children(node, old), hash_children(node, new)
        else:
            new = hash_children(new, node)
    if (old, new) != (old_root, new_root):
        raise VerificationError(f"the log of {new_size} entries does not extend that of {old_size}")


def _descent(leaf: int, size: int) -> Iterator[tuple[Span, Span]]:
    """Yield, from below the root down to ``leaf``, the subtree it is in and that one's sibling."""
    here = Span(0, size)
    while here.end - here.start > 1:
        largest_power = 1 << (here.end - here.start - 1).bit_length() - 1
        middle = here.start + largest_power
        left, right = Span(here.start, middle), Span(middle, here.end)
        here, sibling = (left, right) if leaf < middle else (right, left)
        yield here, sibling


def _fits(start: int, end: int, level: int) -> bool:
    return start % (1 << level) == 0 and start + (1 << level) <= end
