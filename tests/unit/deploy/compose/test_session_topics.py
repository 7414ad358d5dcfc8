# SPDX-License-Identifier: Apache-2.0
from deploy.compose.session_topics import problems


def test_nothing_is_wrong_when_the_topics_have_what_was_recorded() -> None:
    assert problems("s", {"domain": 2, "infrastructure": 3}, {"audit": 0}, recorded=5) == []


def test_an_event_that_is_missing_on_the_topics_is_told() -> None:
    (problem,) = problems("s", {"domain": 2, "infrastructure": 2}, {"audit": 0}, recorded=5)

    assert problem == "s: the topics have 4 events, 5 were recorded"


def test_a_service_that_is_behind_is_told() -> None:
    assert problems("s", {"domain": 5}, {"audit": 2, "metrics": 0}, recorded=5) == [
        "audit is 2 records behind"
    ]
