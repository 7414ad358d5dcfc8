# SPDX-License-Identifier: Apache-2.0
"""Rebuilds as they are said."""

from datetime import datetime

from services.persistence.views.view import View


class RebuildView(View):
    """A rebuild of the read models.

    ``differences`` counts the rows in which what was built differed from what was live before they
    were swapped; it is None until they were compared.
    """

    id: int
    started_at: datetime
    finished_at: datetime | None
    swapped: bool
    streams: int
    events: int
    differences: int | None
