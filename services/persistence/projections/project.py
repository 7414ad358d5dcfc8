# SPDX-License-Identifier: Apache-2.0
"""All read models at once."""

from functools import cache

from services.persistence.projections.approvals import APPROVALS
from services.persistence.projections.messages import MESSAGES
from services.persistence.projections.read_model import ReadModel
from services.persistence.projections.rows import Rows
from services.persistence.projections.sessions import SESSIONS
from services.persistence.projections.tool_calls import TOOL_CALLS
from services.persistence.projections.turns import TURNS
from shared.events import Event

READ_MODELS = (SESSIONS, MESSAGES, TURNS, TOOL_CALLS, APPROVALS)


@cache
def _concerned(event_class: type[Event]) -> tuple[ReadModel, ...]:
    return tuple(model for model in READ_MODELS if model.concerns(event_class))


def project(event: Event, rows: Rows) -> None:
    """Bring what an event changes into ``rows``; events that are not of a session change nothing.

    The events of a session come here in the order of their sequence, each once.
    """
    if event.session_id != event.aggregate_id:
        return
    for model in _concerned(type(event)):
        values = model.projection(event)
        if values is not None:
            rows.add(model, values)
