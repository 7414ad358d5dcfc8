# SPDX-License-Identifier: Apache-2.0
"""Whether what is recorded of a session is what its events add up to."""

from typing import Any
from uuid import UUID

from pydantic import Field

from services.persistence.comparison import Divergence as Found
from services.persistence.snapshot_check import SnapshotDivergence as FoundInSnapshot
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
    """A stored event that is not as it came: its bytes, or a column beside its headers."""

    sequence: int
    event_id: UUID


class SnapshotDivergence(View):
    """The first value of a snapshot that is not the folded one.

    ``snapshot`` is the event that it was taken after. ``read_model`` is empty for what it says of
    the session as a whole, ``field`` is ``*`` for a whole row, or a snapshot that cannot be read.
    """

    snapshot: int
    read_model: str
    key: list[str | int]
    field: str
    recorded: Any
    folded: Any


class Verification(View):
    """A session folded again up to ``sequence``, against its read models and snapshots as they are.

    ``problem`` says why it could not be folded at all, if so.
    """

    session_id: str
    sequence: int
    verified: bool
    divergences: int
    first: Divergence | None
    items: list[Divergence]
    snapshots: int = Field(default=0, description="how many were compared")
    snapshot_divergences: list[SnapshotDivergence] = Field(default_factory=list[SnapshotDivergence])
    altered: list[Altered]
    gaps: list[Gap]
    problem: str | None = None


def divergence_view(found: Found) -> Divergence:
    """Return what is said of a divergence."""
    return Divergence.model_validate(found)


def snapshot_view(found: FoundInSnapshot) -> SnapshotDivergence:
    """Return what is said of a snapshot that is not what the events say."""
    return SnapshotDivergence.model_validate(found)


def unverifiable(session_id: str, problem: str) -> Verification:
    """Return what is said of a session whose events cannot be folded."""
    return Verification(
        session_id=session_id,
        sequence=0,
        verified=False,
        divergences=0,
        first=None,
        items=[],
        altered=[],
        gaps=[],
        problem=problem,
    )
