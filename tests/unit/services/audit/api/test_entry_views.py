# SPDX-License-Identifier: Apache-2.0
import pytest
from pydantic import ValidationError

from services.audit.api.entry_views import EntryQuery
from services.audit.trail.appending import Place


def test_a_query_asks_for_times_in_the_units_of_the_records() -> None:
    query = EntryQuery.model_validate(
        {"from": "2026-01-01T00:00:00Z", "to": "2026-01-01T00:00:00.5Z", "type": "created"}
    )

    wanted = query.filter()
    assert (wanted.from_time, wanted.to_time) == (1767225600000, 1767225600500)
    assert (wanted.event_type, wanted.session_id) == ("created", None)


def test_a_cursor_is_the_place_to_go_on_after() -> None:
    assert EntryQuery(cursor="3:17").after() == Place(3, 17)
    assert EntryQuery().after() is None


@pytest.mark.parametrize(
    "query",
    [
        {"cursor": "3"},
        {"cursor": "3:-1"},
        {"cursor": "9999999999:1"},
        {"limit": 0},
        {"limit": 501},
        {"session_id": ""},
        {"session_id": "a\0"},
        {"log": -1},
        {"log": 2**31},
        {"from": "2026-01-01T00:00:00"},
        {"from": "20000-01-01T00:00:00Z"},
        {"colour": "red"},
    ],
    ids=str,
)
def test_a_query_that_no_database_could_answer_is_refused(query: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        EntryQuery.model_validate(query)
