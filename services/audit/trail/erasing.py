# SPDX-License-Identifier: Apache-2.0
"""What records say of sessions that were erased. No I/O.

An entry commits to a salted digest. Without the salt nobody can tell what was said, or test a
guess, and every proof goes on to hold.
"""

from collections.abc import Collection, Iterable

from services.audit.trail.appending import Observation
from shared.messaging.erasing import ORDERS


def ordered(observations: Iterable[Observation]) -> set[str]:
    """Return the sessions that are ordered to be erased."""
    return {
        event.aggregate_id
        for each in observations
        if (event := each.entry.event)
        and event.event_type in ORDERS
        and event.aggregate_id == event.session_id
    }


def session_of(observation: Observation) -> str | None:
    """Return the session that a record is of; its key tells, where no event can be read."""
    event = observation.entry.event
    if event:
        return event.session_id
    key = observation.contents.key
    return None if key is None else key.decode(errors="replace")


def is_kept(observation: Observation, erased: Collection[str]) -> bool:
    """Tell whether what a record says is written down beside its entry."""
    event = observation.entry.event
    if event and event.event_type in ORDERS:
        return True
    return session_of(observation) not in erased
