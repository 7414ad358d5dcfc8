# SPDX-License-Identifier: Apache-2.0
"""Where the script remembers which events it has counted."""

from hypothesis import given, strategies as st

from services.metrics.batch import Marks, field_of, key_of

AGGREGATES = st.text(alphabet="ab:0123", min_size=1, max_size=6)


@given(st.sets(st.tuples(AGGREGATES, st.integers(1, 2**40)), max_size=20))
def test_every_event_has_a_place_of_its_own(marks: set[tuple[str, int]]) -> None:
    assert len({Marks("totals").place(mark) for mark in marks}) == len(marks)


def test_ledgers_do_not_share_places() -> None:
    assert Marks("totals").place(("s", 1)) != Marks("domain").place(("s", 1))


def test_a_number_far_ahead_takes_a_key_of_its_own_and_little_room() -> None:
    key, bit = Marks("totals").place(("s", 2**40 + 5))

    assert key.endswith(":s:16777216")
    assert bit == 5


@given(st.lists(st.text(), min_size=1).map(tuple))
def test_a_figure_comes_back_from_its_field(key: tuple[str, ...]) -> None:
    assert key_of(field_of(key).encode()) == key
