# SPDX-License-Identifier: Apache-2.0
from shared.events import SystemStartupEvent
from shared.messaging.numbering import Numbering
from tests.support.factories import an_event


def startup(aggregate_id: str = "service:audit/1") -> SystemStartupEvent:
    return an_event(SystemStartupEvent, aggregate_id=aggregate_id)


def test_each_aggregate_is_counted_from_one_without_gaps() -> None:
    numbering = Numbering("audit")

    numbers = [
        numbering.number(startup(aggregate)).sequence for aggregate in ("a", "b", "a", "a", "b")
    ]

    assert numbers == [1, 1, 2, 3, 2]


def test_an_event_that_was_recorded_passes_unchanged() -> None:
    numbering = Numbering("audit")
    recorded = startup().recorded(sequence=9, source="/elsewhere")

    assert numbering.number(recorded) is recorded
    assert numbering.number(startup()).sequence == 1


def test_the_source_names_the_service_and_the_aggregate() -> None:
    numbered = Numbering("audit").number(startup())

    assert numbered.source == "/audit/service:audit/1"


def test_an_event_that_was_not_confirmed_keeps_its_number_and_waits_before_the_next() -> None:
    numbering = Numbering("audit")
    first, second = startup(), startup()

    numbered = numbering.number(first)
    again = numbering.number(first)
    following = numbering.number(second)

    assert numbered == again
    assert [each.sequence for each in numbering.waiting(first.aggregate_id)] == [1, 2]
    numbering.confirmed(numbered)
    numbering.confirmed(following)
    assert numbering.waiting(first.aggregate_id) == []
