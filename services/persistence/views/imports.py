# SPDX-License-Identifier: Apache-2.0
"""Imports as they are said."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from services.persistence.views.view import View


class Imported(View):
    """Where a session came from, and who brought which of its events."""

    first_sequence: int
    last_sequence: int
    installation: str = Field(description="the name of the one that exported it, if it has one")
    exported_at: datetime
    imported_at: datetime
    imported_by: str
    reason: str
    digest: str = Field(description="of all lines of the export")


class ImportResult(View):
    """What became of an import, or would become of it if it was not a dry run.

    ``unchanged``: all of it was here already. ``extended``: the session had been imported before,
    and the export goes on where that one ended.
    """

    session_id: str
    outcome: Literal["imported", "extended", "unchanged"]
    dry_run: bool
    events: int
    added: int
    installation: str
    exported_at: datetime
    digest: str
