# SPDX-License-Identifier: Apache-2.0
from services.audit.api.summary_views import Counts, Tally
from services.audit.store.summary_queries import TypeCount


def count(origin: str, event_type: str, records: int, duplicates: int = 0) -> TypeCount:
    return TypeCount(origin=origin, event_type=event_type, records=records, duplicates=duplicates)


def test_counts_are_summed_by_type_and_by_log() -> None:
    counts = Counts.of(
        [count("one", "created", 5, 2), count("one", "", 1), count("two", "created", 3)]
    )

    assert counts.total == Tally(records=9, events=6, duplicates=2, opaque=1)
    assert counts.by_type == {"created": Tally(records=8, events=6, duplicates=2)}
    assert counts.by_log == {
        "one": Tally(records=6, events=3, duplicates=2, opaque=1),
        "two": Tally(records=3, events=3),
    }
