# SPDX-License-Identifier: Apache-2.0
"""A state that was frozen and thawed is the state: in values, types and order."""

from collections.abc import Sequence
from hashlib import sha256
from typing import Any
from uuid import UUID

from hypothesis import given, strategies as st

from services.persistence.projections import READ_MODELS
from services.persistence.snapshot import freeze, thaw
from services.persistence.state import FOLD, SessionState, evolve
from shared.events import Event
from tests.support.event_strategies import any_event
from tests.support.event_streams import histories, long_history


def folded(events: Sequence[Event], state: SessionState | None = None) -> SessionState:
    state = state or SessionState()
    for event in events:
        state = evolve(state, event)
    return state


def contents(state: SessionState) -> object:
    """Return all that a state says, with types and order."""
    rows: dict[str, Any] = {
        model.name: [
            (key, [(name, value.__class__.__name__, value) for name, value in sorted(row.items())])
            for key, row in state.rows.of(model).items()
        ]
        for model in READ_MODELS
    }
    times = (state.occurred_at, state.latest_at)
    return state.sequence, times, list(state.agents.items()), rows


@given(events=histories(sessions=1, length=60), data=st.data())
def test_snapshot_and_tail_are_the_full_fold(events: list[Event], data: st.DataObject) -> None:
    """Holds ``freeze`` and ``thaw``: leave any part of the state out of them, and this fails."""
    cut = data.draw(st.integers(0, len(events)))
    end = data.draw(st.integers(cut, len(events)))

    gone_on = folded(events[cut:end], thaw(freeze(folded(events[:cut]))))

    assert contents(gone_on) == contents(folded(events[:end]))


@given(event=any_event())
def test_whatever_an_event_brings_is_frozen_exactly(event: Event) -> None:
    place = {"aggregate_id": "s", "session_id": "s", "sequence": 1}
    state = folded([event.model_copy(update=place)])

    assert contents(thaw(freeze(state))) == contents(state)


def test_a_fold_that_comes_out_otherwise_has_another_number() -> None:
    """A snapshot made by another fold must not be gone on from.

    If this fails, what a state is made of has changed: raise FOLD, and write down the new digest.
    """
    events = [
        event.model_copy(update={"event_id": UUID(int=place), "correlation_id": "c"})
        for place, event in enumerate(long_history("s", 300))
    ]

    digest = sha256(freeze(folded(events))).hexdigest()

    assert (FOLD, digest[:16]) == (1, "3654b6a770a5b012")
