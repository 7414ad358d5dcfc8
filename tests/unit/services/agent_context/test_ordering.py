# SPDX-License-Identifier: Apache-2.0
"""Which events can be applied now."""

from functools import reduce

from hypothesis import given, strategies as st

from services.agent_context.context import Context
from services.agent_context.context_window import after
from services.agent_context.limits import Limits
from services.agent_context.ordering import advance, advance_past_lost
from shared.events import Event, EventLevel, SessionErased, SessionErasedEvent
from tests.support.event_streams import disorder, histories, long_history
from tests.support.factories import an_event

LIMITS = Limits(window_tokens=100)


def in_order(events: list[Event]) -> Context:
    return reduce(lambda context, event: after(context, event, LIMITS), events, empty())


def empty() -> Context:
    return Context(session_id="s0")


def by_number(*events: Event) -> dict[int, Event]:
    return {event.sequence: event for event in events}


@given(data=st.data())
def test_any_order_and_any_repetition_come_to_the_same(data: st.DataObject) -> None:
    events = data.draw(histories(sessions=1, length=20))
    context, waiting = empty(), dict[int, Event]()

    for batch in data.draw(disorder(events)):
        found = advance(context, by_number(*batch), waiting, LIMITS)
        context = found.context or context
        for number in found.waited:
            del waiting[number]
        waiting |= {number: by_number(*batch)[number] for number in found.early}

    assert context.canonical() == in_order(events).canonical()
    assert not waiting


def test_an_early_event_waits_and_changes_nothing() -> None:
    first, second, third = long_history("s0", 3)
    context = in_order([first])

    found = advance(context, by_number(third), {}, LIMITS)

    assert (found.context, found.applied, found.early) == (None, 0, [3])
    assert advance(context, by_number(second), by_number(third), LIMITS).waited == [3]


def test_what_was_applied_before_is_dropped() -> None:
    events = long_history("s0", 3)

    found = advance(in_order(events), by_number(*events), {}, LIMITS)

    assert found.context is None
    assert not found.early


def test_an_event_that_waits_and_arrives_again_waits_no_more_when_it_is_applied() -> None:
    events = long_history("s0", 4)

    found = advance(empty(), by_number(*events), by_number(events[2]), LIMITS)

    assert found.applied == 4
    assert found.waited == [3]


def test_what_the_topics_have_forgotten_is_passed_over() -> None:
    events = long_history("s0", 40)
    kept = [e for e in events if e.level is EventLevel.DOMAIN or e.sequence > 20]
    first, *waiting = kept

    found = advance_past_lost(in_order([first]), by_number(*waiting), LIMITS)

    assert found.context is not None
    assert found.context.sequence == 40
    assert found.context.missing == 40 - len(kept)
    assert found.applied == len(waiting)
    assert found.waited == [event.sequence for event in waiting]


def test_where_all_of_the_infrastructure_is_forgotten_the_domain_is_enough() -> None:
    first, *waiting = [e for e in long_history("s0", 40) if e.level is EventLevel.DOMAIN]

    found = advance_past_lost(in_order([first]), by_number(*waiting), LIMITS)

    assert found.context is not None
    assert found.context.sequence == waiting[-1].sequence


def test_where_the_beginning_is_forgotten_the_rest_is_enough() -> None:
    waiting = long_history("s0", 40)[25:]

    found = advance_past_lost(empty(), by_number(*waiting), LIMITS)

    assert found.context is not None
    assert (found.context.sequence, found.context.missing) == (40, 25)


def test_what_is_under_way_is_waited_for() -> None:
    events = long_history("s0", 40)
    waiting = by_number(*events[30:])

    assert advance_past_lost(in_order(events[:20]), waiting, LIMITS).context is None


def test_after_the_forgotten_part_what_is_under_way_is_waited_for() -> None:
    events = long_history("s0", 40)
    waiting = by_number(*(e for e in events[25:] if e.sequence != 35))

    found = advance_past_lost(empty(), waiting, LIMITS)

    assert found.context is not None
    assert found.context.sequence == 34
    assert found.waited == list(range(26, 35))


def order(after_number: int) -> SessionErased:
    return an_event(SessionErased, session_id="s0", sequence=after_number + 1)


def test_an_order_to_erase_waits_for_nothing_that_is_missing_before_it() -> None:
    """Safeguard: ``order_among``; otherwise what was said stays for as long as a gap is open."""
    events = long_history("s0", 6)
    context, waiting = in_order(events[:3]), by_number(events[4], events[5])

    found = advance(context, by_number(order(6)), waiting, LIMITS)

    assert found.context is not None
    assert found.context == Context(session_id="s0", sequence=7, state="deleted", erased=True)
    assert (found.waited, found.early, found.applied) == ([5, 6], [], 4)
    assert advance(found.context, by_number(events[3]), {}, LIMITS).context is None


@given(data=st.data())
def test_an_erased_context_is_the_same_whatever_was_known_before(data: st.DataObject) -> None:
    """So that contexts that are made again come to the same bytes."""
    events = [*data.draw(histories(sessions=1, length=10))]
    last = order(len(events))
    behind = an_event(SessionErasedEvent, session_id="s0", sequence=last.sequence + 1)
    context, waiting = empty(), dict[int, Event]()

    for batch in data.draw(disorder([*events, last, behind])):
        found = advance(context, by_number(*batch), waiting, LIMITS)
        context = found.context or context
        for number in found.waited:
            del waiting[number]
        waiting |= {number: by_number(*batch)[number] for number in found.early}

    expected = Context(session_id="s0", sequence=behind.sequence, state="deleted", erased=True)
    assert context.canonical() == expected.canonical()
    assert not waiting
