# SPDX-License-Identifier: Apache-2.0
"""Signed notes (c2sp.org/signed-note): text that carries its signatures with it."""

from base64 import b64decode, b64encode
from dataclasses import dataclass
from typing import Self

from services.audit.transparency.errors import VerificationError

MAX_CHARACTERS = 128 * 1024
MAX_SIGNATURES = 64
KEY_ID_BYTES = 4

_DASH = "\N{EM DASH} "


@dataclass(frozen=True, slots=True)
class Signature:
    """A line below a note: who signed it, with which key, and the signature itself."""

    name: str
    key_id: bytes
    value: bytes

    def __str__(self) -> str:
        return f"{_DASH}{self.name} {encode(self.key_id + self.value)}"

    @classmethod
    def parse(cls, line: str) -> Self:
        """Return the signature that ``line`` spells.

        Raises:
            VerificationError: it is not a signature line.
        """
        name, _, blob = line.removeprefix(_DASH).partition(" ")
        value = decode(blob, what="a signature")
        if not line.startswith(_DASH) or len(value) <= KEY_ID_BYTES:
            raise VerificationError(f"not a signature line: {line[:80]!r}")
        return cls(check_name(name), value[:KEY_ID_BYTES], value[KEY_ID_BYTES:])


@dataclass(frozen=True, slots=True)
class Note:
    """A text that ends in a newline, and the signatures below it, none of them checked yet."""

    text: str
    signatures: tuple[Signature, ...]

    def __str__(self) -> str:
        return "\n".join([self.text, *map(str, self.signatures), ""])

    @classmethod
    def parse(cls, note: str) -> Self:
        """Return the parts of ``note``, without believing any of it.

        Raises:
            VerificationError: it is not a signed note.
        """
        text, blank_line, lines = note.rpartition("\n\n")
        if len(note) > MAX_CHARACTERS or not blank_line or not lines.endswith("\n"):
            raise VerificationError("not a signed note: no signatures below an empty line")
        if not all(map(_is_allowed, note)):
            raise VerificationError("not a signed note: it has control characters")
        signatures = lines[:-1].split("\n")
        if len(signatures) > MAX_SIGNATURES:
            raise VerificationError(f"a note with {len(signatures)} signatures")
        return cls(f"{text}\n", tuple(map(Signature.parse, signatures)))


def encode(data: bytes) -> str:
    """Return ``data`` in standard base64."""
    return b64encode(data).decode("ascii")


def decode(text: str, *, what: str) -> bytes:
    """Return the bytes that ``text`` is the one base64 spelling of.

    Raises:
        VerificationError: it is not base64, or another spelling of it.
    """
    try:
        data = b64decode(text, validate=True)
    except ValueError:
        raise VerificationError(f"{what} is not base64: {text[:80]!r}") from None
    if encode(data) != text:
        raise VerificationError(f"{what} is not in canonical base64: {text[:80]!r}")
    return data


def check_name(name: str) -> str:
    """Return ``name`` if a key may have it: not empty, without spaces or plus signs.

    Raises:
        VerificationError: it may not.
    """
    if not name or "+" in name or any(map(str.isspace, name)):
        raise VerificationError(f"{name[:80]!r} cannot be the name of a key")
    return name


def _is_allowed(character: str) -> bool:
    is_surrogate = "\ud800" <= character <= "\udfff"
    return character == "\n" or (character >= " " and not is_surrogate)
