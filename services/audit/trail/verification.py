# SPDX-License-Identifier: Apache-2.0
"""Verifies a whole log, entry by entry, and names the first that is not what was signed for.

An entry that does not fit its own hash is named exactly. Where somebody changed the hashes as well,
the signed roots tell between which two checkpoints the change is. A log that was cut off, or
replaced by another, is found out by a checkpoint that was kept where its owner cannot reach.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from services.audit.trail.entry import Contents, Entry
from services.audit.transparency import Checkpoint, Frontier, Node, VerificationError, hash_leaf

NO_NODES: Mapping[Node, bytes] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedEntry:
    """An entry as it is shown to us; without contents where they were erased."""

    index: int
    entry: Entry
    leaf_hash: bytes
    contents: Contents | None


class TamperingError(VerificationError):
    """Entries are not what was logged: one of those from ``first`` up to but not ``end``."""

    def __init__(self, problem: str, *, first: int, end: int) -> None:
        super().__init__(problem)
        self.first = first
        self.end = end


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a verification found.

    The first ``sound`` entries are as they were logged. Signed checkpoints stand for the first
    ``proven`` of them; nobody has signed for the rest yet. The contents of ``erased`` entries were
    taken away, as is allowed.
    """

    origin: str
    sound: int
    proven: int
    erased: int
    tampering: TamperingError | None = None


class Verification:
    """A walk along a log, from the first entry to the last."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self._frontier = Frontier()
        self._proven = 0
        self._erased = 0
        self._signed_roots = defaultdict[int, set[bytes]](set)

    @property
    def size(self) -> int:
        """Return how many entries were checked."""
        return self._frontier.size

    def expect(self, checkpoint: Checkpoint) -> None:
        """Demand that the log is what ``checkpoint``, whose signature is valid, says of it.

        Raises:
            TamperingError: it is not.
            VerificationError: the checkpoint is of another log, or comes too late.
        """
        if checkpoint.origin != self.origin:
            raise VerificationError(f"a checkpoint of another log, {checkpoint.origin!r}")
        if checkpoint.size < self.size:
            raise VerificationError(f"a checkpoint of size {checkpoint.size} comes too late")
        self._signed_roots[checkpoint.size].add(checkpoint.root)
        self._compare_root()

    def add(self, logged: LoggedEntry, *, nodes: Mapping[Node, bytes] = NO_NODES) -> None:
        """Check the next entry, and the stored ``nodes`` of the tree that it completes.

        Raises:
            TamperingError: it is not the entry that was logged here, or one before it is not.
        """
        index = self.size
        problem = self._problem_of(logged)
        if problem:
            raise TamperingError(problem, first=index, end=index + 1)
        self._frontier, completed = self._frontier.extend([logged.leaf_hash])
        self._erased += logged.contents is None
        for node, digest in completed.items():
            if nodes.get(node, digest) != digest:
                first, end = node.number << node.level, (node.number + 1) << node.level
                problem = f"entries {first} to {end - 1} do not have their hash in the tree"
                raise TamperingError(problem, first=first, end=end)
        self._compare_root()

    def end(self, *, size: int = 0) -> None:
        """Check that the log has ``size`` entries, and as many as any checkpoint says, at least.

        Raises:
            TamperingError: it does not.
        """
        first, end = self.size, max(size, *self._signed_roots, 0)
        if first < end:
            raise TamperingError(f"entries {first} to {end - 1} are missing", first=first, end=end)

    def verdict(self, tampering: TamperingError | None = None) -> Verdict:
        """Return what was found so far."""
        return Verdict(
            origin=self.origin,
            sound=min(self.size, tampering.first) if tampering else self.size,
            proven=self._proven,
            erased=self._erased,
            tampering=tampering,
        )

    def _problem_of(self, logged: LoggedEntry) -> str:
        index, entry = self.size, logged.entry
        if logged.index != index:
            return f"entry {index} is missing: entry {logged.index} is in its place"
        if hash_leaf(entry.leaf()) != logged.leaf_hash:
            return f"entry {index} does not have the hash that was logged"
        if entry.origin != self.origin:
            return f"entry {index} is of another log, {entry.origin!r}"
        if logged.contents and not _are_committed(logged.contents, entry):
            return f"the contents of entry {index} are not those that it commits to"
        return ""

    def _compare_root(self) -> None:
        size = self.size
        signed = self._signed_roots.get(size)
        if signed is None:
            return
        if len(signed) > 1:
            problem = f"the log was forked: {len(signed)} signed checkpoints of size {size} differ"
        elif signed != {self._frontier.root()}:
            problem = f"the first {size} entries are not those that a checkpoint was signed for"
        else:
            self._proven = size
            return
        raise TamperingError(problem, first=self._proven, end=size)


def _are_committed(contents: Contents, entry: Entry) -> bool:
    digests = contents.payload_digest(), contents.headers_digest()
    return digests == (entry.payload_digest, entry.headers_digest)
