# SPDX-License-Identifier: Apache-2.0
"""The one way to write the arguments of a call, so that two equal calls are seen to be equal."""

import hashlib
import json
from collections.abc import Mapping
from uuid import UUID

from services.orchestrator.tools.errors import ToolError

JsonObject = Mapping[str, object]
"""The arguments of a call as JSON has them."""


def canonical_arguments(arguments: JsonObject) -> bytes:
    """Return ``arguments`` as JSON in UTF-8 with sorted keys and no blanks.

    Equal arguments give equal bytes, whatever order they were written in.

    Raises:
        ToolError: they cannot be written as JSON: NaN, infinity, a lone surrogate, another type,
            or nesting without end.
    """
    try:
        text = json.dumps(
            arguments, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
        )
        return text.encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise ToolError(f"the arguments are no JSON that can be recorded: {error}") from None


def arguments_digest(arguments: JsonObject) -> str:
    """Return the SHA-256 of the canonical arguments, in hexadecimal."""
    return hashlib.sha256(canonical_arguments(arguments)).hexdigest()


def effect_id(session_id: str, turn: int, step: int, tool: str, arguments: JsonObject) -> UUID:
    """Name the side effect of one call: the same call always has the same name.

    ``step`` numbers the recorded steps of the turn, so that two equal calls in one answer of the
    model are two effects. The name is a UUIDv8 (RFC 9562) made of a SHA-256.
    """
    call = [session_id, turn, step, tool, arguments_digest(arguments)]
    digest = hashlib.sha256(json.dumps(call, separators=(",", ":")).encode()).digest()
    number = int.from_bytes(digest[:16])
    number = number & ~(0xF << 76) | 0x8 << 76
    number = number & ~(0x3 << 62) | 0x2 << 62
    return UUID(int=number)
