# SPDX-License-Identifier: Apache-2.0
"""Takes secrets out of text before anyone else can read it."""

import re
from collections.abc import Callable

MASK = "***"

_NAME = (
    r"(?:pass(?:word|wd|phrase)?|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key"
    r"|secret[_-]?key|credentials?|authorization)"
)
_SECRET_KEY = re.compile(rf"(?i)(?:^|[\W_]){_NAME}$|^key$")

Replacement = str | Callable[[re.Match[str]], str]

_RULES: tuple[tuple[re.Pattern[str], Replacement], ...] = (
    (  # a private key, all of it
        re.compile(
            r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----.*?(?:-----END [A-Z ]{0,40}-----|\Z)",
            re.DOTALL,
        ),
        MASK,
    ),
    (  # the password in a URL; it may contain an at sign, so up to the last one
        re.compile(r"([a-zA-Z][\w+.-]{0,40}://[^\s:/?#@]*):[^\s/?#]+@"),
        rf"\1:{MASK}@",
    ),
    (  # a JSON web token
        re.compile(r"\beyJ[\w-]{5,}\.[\w-]{5,}(?:\.[\w-]*)?"),
        MASK,
    ),
    (  # what an Authorization header carries
        re.compile(r"(?i)\b(bearer|basic)(\s+)(?!\*)[\w.~+/=-]{8,}"),
        rf"\1\2{MASK}",
    ),
    (  # keys that their issuers made recognisable
        re.compile(
            r"\b(?:sk-[\w-]{8,}|(?:AKIA|ASIA)[0-9A-Z]{16}|gh[pousr]_\w{20,}"
            r"|xox[a-z]-[\w-]{10,}|AIza[\w-]{30,})"
        ),
        MASK,
    ),
    (  # name=value and "name": "value"
        re.compile(
            rf"(?i)(\b(?:[\w-]{{0,40}}[_-])?{_NAME}|\bkey)"
            r"(\\?[\"']?\s*[:=]\s*)(?!\s|\*\*\*|(?:bearer|basic)\s)"
            r"(\\?\"(?:[^\"\\]|\\[^\"])*\\?\"|'[^']*'|[^\s,;&\"'}\])]+)"
        ),
        rf"\1\2{MASK}",
    ),
)


def scrub(text: str) -> str:
    """Return ``text`` with every secret it is known to carry replaced by a mask.

    Knows passwords in URLs, bearer tokens, JSON web tokens, private keys, the API keys of common
    providers, and whatever is assigned to a name such as ``password`` or ``api_key``.
    """
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return text


def is_secret_name(name: str) -> bool:
    """Tell whether a value under ``name`` must not be shown, whatever it looks like."""
    return _SECRET_KEY.search(name) is not None
