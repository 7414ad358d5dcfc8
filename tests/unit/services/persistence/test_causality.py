# SPDX-License-Identifier: Apache-2.0
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from uuid import UUID

from hypothesis import given, strategies as st

from services.persistence.causality import MAX_DEPTH, CausalTree, causal_tree, depth
from shared.eventstore import StoredEvent

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def name(number: int) -> UUID:
    return UUID(int=number)


def stored(number: int, cause: int | None = None, stream: str = "s") -> StoredEvent:
    return StoredEvent(
        aggregate_id=stream,
        sequence=number,
        event_id=name(number),
        type_name="agentruntime.domain.message_received.v1",
        correlation_id="c",
        causation_id=None if cause is None else name(cause),
        occurred_at=NOW,
        recorded_at=NOW,
        topic=None,
        partition=None,
        offset=None,
        timestamp=None,
        key=None,
        value=b"{}",
        headers_json="[]",
        digest=b"",
    )


def shape(tree: CausalTree) -> list[tuple[int, int]]:
    return [(each.stored.event_id.int, each.depth) for each in tree.events]


def tree_of(causes: Mapping[int, int | None], elsewhere: Sequence[int] = ()) -> CausalTree:
    events = [stored(number, cause) for number, cause in causes.items()]
    return causal_tree(events, {name(number) for number in elsewhere})


def test_events_come_below_their_causes_in_the_order_of_their_numbers() -> None:
    tree = tree_of({5: 1, 4: 2, 3: 1, 2: 1, 1: None})

    assert shape(tree) == [(1, 0), (2, 1), (4, 2), (3, 1), (5, 1)]
    assert not tree.cycles


def test_an_event_whose_cause_is_nowhere_is_an_orphan() -> None:
    tree = tree_of({1: None, 2: 77, 3: 2, 4: 88}, elsewhere=[88])

    assert [each.stored.event_id.int for each in tree.events if each.orphan] == [2]
    assert shape(tree) == [(1, 0), (2, 0), (3, 1), (4, 0)]


def test_circles_are_named_once_and_nothing_is_left_out() -> None:
    tree = tree_of({1: None, 2: 4, 3: 2, 4: 3, 5: 4, 6: 6})

    assert sorted(map(len, tree.cycles)) == [1, 3]
    assert {each.stored.event_id.int for each in tree.events} == {1, 2, 3, 4, 5, 6}
    assert name(5) not in {each for cycle in tree.cycles for each in cycle}


def test_a_chain_of_thousands_is_no_problem() -> None:
    tree = tree_of({number: number - 1 or None for number in range(1, 5_001)})

    assert shape(tree)[-1] == (5_000, 4_999)


@given(st.dictionaries(st.integers(1, 12), st.none() | st.integers(1, 14), max_size=12))
def test_every_event_is_shown_once(causes: dict[int, int | None]) -> None:
    tree = tree_of(causes)

    assert sorted(number for number, _ in shape(tree)) == sorted(causes)


def test_the_depth_is_how_many_causes_are_known_and_is_bounded() -> None:
    causes: dict[UUID, UUID | None] = {name(1): None, name(2): name(1), name(3): name(99)}

    assert depth(None, causes) == 0
    assert depth(name(2), causes) == 2
    assert depth(name(3), causes) == 1
    assert depth(name(99), causes) == 0
    assert depth(name(1), {name(1): name(1)}) == MAX_DEPTH
