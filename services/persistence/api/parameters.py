# SPDX-License-Identifier: Apache-2.0
"""What can be asked for, within limits."""

from datetime import datetime
from typing import Annotated

from fastapi import Path, Query
from pydantic import AwareDatetime, Field, StringConstraints, TypeAdapter, ValidationError

from shared.events.base import MAX_SEQUENCE
from shared.http import Problem

_WITHOUT_NUL = r"^[^\x00]+$"

SessionId = Annotated[str, Path(min_length=1, max_length=200, pattern=_WITHOUT_NUL)]
CorrelationId = Annotated[str, Path(min_length=1, max_length=200, pattern=_WITHOUT_NUL)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=_WITHOUT_NUL)]
Limit = Annotated[int, Query(ge=1, le=500, description="how many at most")]
Cursor = Annotated[str | None, Query(max_length=500, description="`next` of the page before")]
FromSequence = Annotated[int, Query(ge=1, le=MAX_SEQUENCE, description="the first number")]

_SEQUENCE = TypeAdapter[int](Annotated[int, Field(ge=1, le=MAX_SEQUENCE)])
_MOMENT = TypeAdapter[datetime](AwareDatetime)


def point(at: str | None) -> int | datetime | None:
    """Return the point of a session that ``at`` names: an event's number, or a moment.

    Raises:
        Problem: it is neither.
    """
    if at is None:
        return None
    adapter = _SEQUENCE if at.lstrip("-").isdecimal() else _MOMENT
    try:
        found: int | datetime = adapter.validate_python(at)
    except ValidationError as error:
        raise Problem(
            422,
            "Invalid request",
            "query.at has to be the number of an event, from 1, or a time with its zone as in"
            " RFC 3339",
        ) from error
    return found
