# SPDX-License-Identifier: Apache-2.0
"""How much there is, as it is said."""

from services.persistence.views.view import View


class Counts(View):
    """How many events are stored, and of what they tell.

    ``open_gaps`` counts the streams that miss events; ``waiting_events`` are stored behind them
    and not yet in the read models. ``discarded`` counts places that are passed over, since an
    operator discarded the dead letter of their event.
    """

    events: int
    events_by_type: dict[str, int]
    events_by_level: dict[str, int]
    sessions: int
    sessions_by_state: dict[str, int]
    messages: int
    streams: int
    open_gaps: int
    missing_events: int
    waiting_events: int
    duplicates: int
    discarded: int
    conflicts: int
