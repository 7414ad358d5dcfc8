# SPDX-License-Identifier: Apache-2.0
"""What everything that is said over HTTP has in common."""

from datetime import UTC, datetime
from typing import Annotated, TypeVar

from fastapi import Path
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from shared.http import Problem

T = TypeVar("T")

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

LogId = Annotated[int, Path(ge=0, lt=2**31)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=512, pattern=r"^[^\x00]*$")]
Moment = Annotated[AwareDatetime, Field(ge=EPOCH, lt=datetime(9000, 1, 1, tzinfo=UTC))]


class View(BaseModel):
    """A part of a request or of an answer."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def found(value: T | None, otherwise: str) -> T:
    """Return ``value``, or answer that there is none.

    Raises:
        Problem: there is none; ``otherwise`` says of what.
    """
    if value is None:
        raise Problem(404, "Not Found", otherwise)
    return value
