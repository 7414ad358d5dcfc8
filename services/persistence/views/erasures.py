# SPDX-License-Identifier: Apache-2.0
"""Erasures as they are said."""

from datetime import datetime

from pydantic import Field

from services.persistence.views.view import View


class Erased(View):
    """Since when nobody can read here what was said in a session, who had it erased, and why."""

    erased_at: datetime
    erased_by: str
    reason: str


class ErasedImport(View):
    """What was erased; ``forks`` began with what was said in the session, and still have it."""

    session_id: str
    erased_at: datetime | None
    last_sequence: int
    installations: list[str] = Field(
        description="the names of those that it came from, and that may still have it"
    )
    forks: list[str]
