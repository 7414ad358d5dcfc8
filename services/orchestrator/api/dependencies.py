# SPDX-License-Identifier: Apache-2.0
"""What several endpoints need: identifiers, keys and cursors that are checked."""

import base64
import binascii
from datetime import datetime
from typing import Annotated

from fastapi import Header, Path, Query, Request

from services.orchestrator.store.idempotency import IdempotencyKey, idempotency_key
from shared.http import Problem

SessionId = Annotated[str, Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$")]
RecordId = Annotated[str, Path(pattern=r"^[A-Za-z0-9-]{1,64}$")]
Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        description="a request with the same key is done once and answered each time",
    ),
]

Wait = Annotated[
    float, Query(ge=0, le=300, description="seconds to wait for the answer, 0 for none")
]


async def key_of(request: Request, key: Key = None) -> IdempotencyKey | None:
    """Return the idempotency key of a request, bound to its path and body."""
    return idempotency_key(request.url.path, key, await request.body())


def require_text(*texts: str) -> None:
    """Return if no text has NUL in it, which the database cannot keep.

    Raises:
        Problem: one has.
    """
    if any("\0" in text for text in texts):
        raise Problem(422, "Invalid request", "a text cannot have NUL in it")


def cursor_of(updated_at: datetime, session_id: str) -> str:
    """Return where a page ends, as an opaque text."""
    return base64.urlsafe_b64encode(f"{updated_at.isoformat()} {session_id}".encode()).decode()


def place_of(cursor: str | None) -> tuple[datetime, str] | None:
    """Return the place that a cursor names.

    Raises:
        Problem: it is no cursor that this service gave out.
    """
    if cursor is None:
        return None
    try:
        moment, session_id = base64.urlsafe_b64decode(cursor.encode()).decode().split(" ")
        return datetime.fromisoformat(moment), session_id
    except (ValueError, binascii.Error):
        raise Problem(422, "Invalid request", "the cursor is not one of this service") from None
