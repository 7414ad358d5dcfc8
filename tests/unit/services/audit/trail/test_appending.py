# SPDX-License-Identifier: Apache-2.0
from uuid import UUID

from hypothesis import given, strategies as st

from services.audit.trail.appending import EMPTY, Extension, Head, Mark, Observation, Place, extend
from services.audit.transparency import Frontier
from tests.support.audit_logs import contents, entry


def observation(number: int, *, offset: int | None = None) -> Observation:
    """Return the record of event ``number``, at the offset of the same number or another."""
    held = contents(number)
    described = entry(number, held, offset=offset)
    return Observation.of(described, held)


def extended(head: Head, *observations: Observation, known: tuple[Mark, ...] = ()) -> Extension:
    return extend(head, observations, known=known, first_seen={})


def test_fresh_records_are_appended_in_their_order() -> None:
    head = extended(Head(log_id=1), observation(5), observation(6)).head

    extension = extended(head, observation(7))

    assert [each.place for each in extension.entries] == [Place(1, 2)]
    assert (
        extension.head.frontier
        == EMPTY.extend([observation(number).leaf_hash for number in (5, 6, 7)])[0]
    )
    assert (extension.head.first_offset, extension.head.last_offset) == (5, 7)


def test_a_known_record_is_not_appended_again() -> None:
    head = extended(Head(log_id=1), observation(5)).head

    extension = extended(head, observation(5), observation(6), known=(observation(5).mark,))

    assert [each.observation.entry.offset for each in extension.entries] == [6]
    assert extension.head.rewritten == 0


def test_another_record_at_a_known_offset_is_appended_and_counted() -> None:
    head = extended(Head(log_id=1), observation(5)).head

    extension = extended(head, observation(6, offset=5), known=(observation(5).mark,))

    assert len(extension.entries) == 1
    assert (extension.head.rewritten, extension.head.missing) == (1, 0)


def test_nothing_new_leaves_the_head_as_it_was() -> None:
    head = extended(Head(log_id=1), observation(5)).head

    assert extended(head, observation(5), known=(observation(5).mark,)) == Extension(
        head=head, entries=[], nodes={}
    )
    assert extended(Head(log_id=1)).head == Head(log_id=1)


def test_an_event_that_was_seen_before_is_a_duplicate_of_where_it_was_first() -> None:
    first_seen = {UUID(int=5): Place(9, 3)}

    extension = extend(
        Head(log_id=1),
        [observation(5), observation(6), observation(6, offset=7)],
        known=(),
        first_seen=first_seen,
    )

    assert [each.duplicate_of for each in extension.entries] == [Place(9, 3), None, Place(1, 1)]
    assert first_seen == {UUID(int=5): Place(9, 3), UUID(int=6): Place(1, 1)}


def test_offsets_that_no_record_had_are_missing_until_it_comes() -> None:
    head = extended(Head(log_id=1), observation(5), observation(8)).head
    assert head.missing == 2

    assert extended(head, observation(6)).head.missing == 1
    assert Head(log_id=1).missing == 0


def test_only_a_record_that_is_not_past_the_end_may_be_known() -> None:
    head = extended(Head(log_id=1), observation(5), observation(8)).head

    assert head.may_hold(observation(8))
    assert head.may_hold(observation(2))
    assert not head.may_hold(observation(9))
    assert not Head(log_id=1).may_hold(observation(0))


@given(st.lists(st.integers(0, 30), max_size=60), st.data())
def test_however_records_are_delivered_each_is_logged_once_in_order_of_arrival(
    numbers: list[int], data: st.DataObject
) -> None:
    head, logged = Head(log_id=1), list[Mark]()
    while numbers:
        batch = [
            observation(numbers.pop(0)) for _ in range(data.draw(st.integers(1, len(numbers))))
        ]

        extension = extend(head, batch, known=logged, first_seen={})

        head = extension.head
        logged += [each.observation.mark for each in extension.entries]
    assert len(logged) == len(set(logged)) == head.frontier.size
    assert (
        head.frontier == Frontier().extend(observation(mark.offset).leaf_hash for mark in logged)[0]
    )
