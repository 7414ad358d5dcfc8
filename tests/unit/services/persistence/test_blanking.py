# SPDX-License-Identifier: Apache-2.0
"""What is left of rows is what blanked events add up to."""

from collections.abc import Sequence

from hypothesis import given, settings

from services.persistence.blanking import blank_row, blank_snapshot
from services.persistence.projections import READ_MODELS, Rows, project
from services.persistence.snapshot import freeze
from services.persistence.state import SessionState, evolve
from shared.events import Event
from tests.support.conversations import conversation
from tests.support.erasures import blank, secretive
from tests.support.event_streams import histories
from tests.support.secrets import SECRET

SAID = secretive(conversation())


def folded(events: Sequence[Event]) -> Rows:
    rows = Rows()
    for event in events:
        project(event, rows)
    return rows


def state_of(events: Sequence[Event]) -> SessionState:
    state = SessionState()
    for event in events:
        state = evolve(state, event)
    return state


@settings(max_examples=60)
@given(events=histories(sessions=1, length=40))
def test_what_is_left_of_rows_is_what_is_left_of_events_adds_up_to(events: list[Event]) -> None:
    """Safeguard: each column of ``_LEFT`` and ``_ALONG``."""
    before, after = folded(events), folded(blank(events))
    for model in READ_MODELS:
        left = {key: blank_row(model, row) for key, row in before.of(model).items()}
        assert left == after.of(model)


def test_a_snapshot_says_what_that_of_the_blanked_events_says() -> None:
    assert SECRET.encode() in freeze(state_of(SAID))
    assert blank_snapshot(freeze(state_of(SAID))) == freeze(state_of(blank(SAID)))
