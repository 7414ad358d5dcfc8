# SPDX-License-Identifier: Apache-2.0
"""Text from elsewhere, made safe for a terminal or a path: it may hold anything."""

import unicodedata
from urllib.parse import quote

_UNSAFE = {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"}
_KEPT = "\n\t"


def safe(text: str) -> str:
    """Return the text with everything that could steer a terminal written out."""
    return "".join(each if _is_safe(each) else _written_out(each) for each in text)


def one_line(text: str, *, limit: int = 500) -> str:
    """Return the text in one line, cut where it is too long."""
    line = safe(" ".join(text.split()))
    return line if len(line) <= limit else f"{line[: limit - 1]}…"


def value_text(value: object) -> str:
    """Return any value in a short line; of None, that it is nothing."""
    return "nothing" if value is None else one_line(str(value), limit=60)


def quoted(name: str) -> str:
    """Return a name as one part of a path, whatever is in it."""
    return quote(name, safe="")


def _is_safe(character: str) -> bool:
    return character in _KEPT or unicodedata.category(character) not in _UNSAFE


def _written_out(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
