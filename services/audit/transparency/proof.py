# SPDX-License-Identifier: Apache-2.0
"""Proofs to take away (c2sp.org/tlog-proof): an entry is in the log, checkable without a server."""

from dataclasses import dataclass
from typing import Self

from services.audit.transparency.checkpoint import Checkpoint, parse_number
from services.audit.transparency.errors import VerificationError
from services.audit.transparency.keys import VerifierKey
from services.audit.transparency.merkle import HASH_BYTES, hash_leaf
from services.audit.transparency.note import decode, encode
from services.audit.transparency.paths import verify_inclusion

HEADER = "c2sp.org/tlog-proof@v1"
MAX_HASHES = 63


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """Where an entry is in a log, and the hashes that lead from it to a signed root.

    ``leaf`` travels as the format's extra data, so that the proof needs nothing beside it but the
    log's key. ``checkpoint`` is the signed note, verbatim.
    """

    leaf: bytes
    index: int
    path: tuple[bytes, ...]
    checkpoint: str

    def __str__(self) -> str:
        lines = [HEADER, f"extra {encode(self.leaf)}", f"index {self.index}"]
        return "\n".join([*lines, *map(encode, self.path), "", self.checkpoint])

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the parts of a proof, without believing any of it.

        Raises:
            VerificationError: it is not a proof in this format, or carries no entry.
        """
        head, separator, checkpoint = text.partition("\n\n")
        header, *lines = head.split("\n")
        if not separator or header != HEADER or len(lines) < 2 or len(lines) > 2 + MAX_HASHES:
            raise VerificationError(f"not a proof in the format {HEADER}")
        extra, index, *path = lines
        return cls(
            leaf=decode(_value(extra, name="extra"), what="the entry of a proof"),
            index=parse_number(_value(index, name="index")),
            path=tuple(map(_hash, path)),
            checkpoint=checkpoint,
        )

    def verify(self, key: VerifierKey) -> Checkpoint:
        """Return the checkpoint that ``leaf`` is proved to be part of.

        Raises:
            VerificationError: it is not, or ``key`` did not sign the checkpoint.
        """
        checkpoint = Checkpoint.open(self.checkpoint, key)
        verify_inclusion(
            hash_leaf(self.leaf),
            self.path,
            index=self.index,
            size=checkpoint.size,
            root=checkpoint.root,
        )
        return checkpoint


def _value(line: str, *, name: str) -> str:
    if not line.startswith(f"{name} "):
        raise VerificationError(f"a proof needs a line with its {name}, not {line[:40]!r}")
    return line.removeprefix(f"{name} ")


def _hash(line: str) -> bytes:
    digest = decode(line, what="a hash of a proof")
    if len(digest) != HASH_BYTES:
        raise VerificationError(f"a hash of a proof has {len(digest)} bytes")
    return digest
