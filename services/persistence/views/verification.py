# SPDX-License-Identifier: Apache-2.0
"""Whether what is recorded of a session is what its events add up to."""

from typing import Any
from uuid import UUID

from pydantic import Field

from services.persistence.comparison import Divergence as Found
from services.persistence.views.view import Gap, View


class Divergence(View):
    """A recorded value that is not the folded one; ``field`` is ``*`` for a whole row."""

    sequence: int = Field(description="the event that gave the folded value; 0 if none did")
    read_model: str
    key: list[str | int]
    field: str
    recorded: Any
    folded: Any


class Altered(View):
    """A stored event whose bytes are not the ones that came."""

    sequence: int
    event_id: UUID


class Verification(View):
    """A session folded again up to ``sequence``, against its read models as they are."""

    session_id: str
    sequence: int
    verified: bool
    divergences: int
    first: Divergence | None
    items: list[Divergence]
    altered: list[Altered]
    gaps: list[Gap]


def divergence_view(found: Found) -> Divergence:
    """Return what is said of a divergence."""
    return Divergence.model_validate(found)
