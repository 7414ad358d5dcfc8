# SPDX-License-Identifier: Apache-2.0
"""Checkpoints (c2sp.org/tlog-checkpoint): a log commits to its size and root under a signature."""

from dataclasses import dataclass
from typing import Self

from services.audit.transparency.errors import VerificationError
from services.audit.transparency.keys import Signer, VerifierKey
from services.audit.transparency.merkle import HASH_BYTES
from services.audit.transparency.note import Note, decode, encode

MAX_SIZE = 2**63 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """What a log was at some moment: ``origin`` names the log, ``root`` stands for every entry."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """Return the text that is signed."""
        return f"{self.origin}\n{self.size}\n{encode(self.root)}\n"

    def sign(self, signer: Signer) -> str:
        """Return this checkpoint as a signed note."""
        return str(signer.sign(self.text()))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the checkpoint of the text of a note; lines after the third are ignored.

        Raises:
            VerificationError: it is not one.
        """
        lines = text.removesuffix("\n").split("\n")
        if len(lines) < 3 or not all(lines):
            raise VerificationError("not a checkpoint: it needs an origin, a size and a root")
        root = decode(lines[2], what="the root of a checkpoint")
        if len(root) != HASH_BYTES:
            raise VerificationError(f"the root of a checkpoint has {len(root)} bytes")
        return cls(origin=lines[0], size=parse_number(lines[1]), root=root)

    @classmethod
    def open(cls, note: str, key: VerifierKey) -> Self:
        """Return the checkpoint that ``note`` carries, if the log that ``key`` names signed it.

        Raises:
            VerificationError: it is malformed, of another log, or not signed with ``key``.
        """
        signed = Note.parse(note)
        key.verify(signed)
        checkpoint = cls.parse(signed.text)
        if checkpoint.origin != key.name:
            raise VerificationError(f"a checkpoint of {checkpoint.origin!r}, not of {key.name!r}")
        return checkpoint


def parse_number(digits: str) -> int:
    """Return a size or an index in its one spelling: ASCII decimal without leading zeroes.

    Raises:
        VerificationError: it is spelled otherwise, or larger than any log.
    """
    if not (digits.isascii() and digits.isdigit() and len(digits) < 20):
        raise VerificationError(f"{digits[:40]!r} is not a number")
    number = int(digits)
    if str(number) != digits or number > MAX_SIZE:
        raise VerificationError(f"{digits!r} is not a number a log could have")
    return number
