# SPDX-License-Identifier: Apache-2.0
"""``agentctl history`` beside the timeline: what it asks, what it prints, how it ends."""

import json
from typing import Any

import pytest

from tests.support.agentctl import Agentctl
from tests.support.http_answers import HttpAnswers

FORK = "POST /orchestrator/v1/sessions/s-1/fork"
TURN = "GET /orchestrator/v1/sessions/s-2/turns/t-9"
VERIFY = "GET /persistence/v1/sessions/s-1/verification"
TREE = "GET /persistence/v1/correlations/c-1"


def forked(**changes: Any) -> dict[str, Any]:
    fork = {
        "session_id": "s-1",
        "at_sequence": 12,
        "turns": 1,
        "messages": 2,
        "changed": ["message"],
        "workspace": "partial",
        "not_repeated": ["run_command in turn 1"],
        "turn_ids": ["t-9"],
        **changes,
    }
    return {"id": "s-2", "agent": "coder", "model": None, "fork": fork}


def turn(state: str = "completed") -> dict[str, Any]:
    return {"number": 2, "state": state, "reply": "It is \x1b[31m72.", "error": None}


def test_a_fork_is_told_with_its_files_and_the_answer(
    agentctl: Agentctl, services: HttpAnswers
) -> None:
    services.on(FORK, forked())
    services.on(TURN, turn())

    outcome = agentctl("history", "fork", "s-1", "--before-turn", "2", "--message", "12 * 6")

    assert outcome.code == 0
    assert "s-1 at event 12" in outcome.out
    assert "1 turn with 2 messages" in outcome.out
    assert "not known what it did to files: run_command in turn 1" in outcome.out
    assert "It is \\x1b[31m72." in outcome.out
    body = services.asked[0].body
    assert (body["before_turn"], body["message"], body["sequence"]) == ("2", "12 * 6", None)


def test_a_fork_that_does_not_go_on_well_fails_and_is_told_all_the_same(
    agentctl: Agentctl, services: HttpAnswers
) -> None:
    services.on(FORK, forked())
    services.on(TURN, turn("failed"))

    outcome = agentctl("history", "fork", "s-1", "--json")

    assert outcome.code == 1
    assert outcome.data["session"]["id"] == "s-2"
    assert "turn 2 of the fork is failed" in outcome.err


def test_a_point_that_is_refused_fails_with_the_reason(
    agentctl: Agentctl, services: HttpAnswers
) -> None:
    services.on(FORK, {"title": "Cannot fork there", "detail": "no turn '9'"}, status=422)

    outcome = agentctl("history", "fork", "s-1", "--after-turn", "9")

    assert (outcome.code, "no turn '9'" in outcome.err) == (1, True)


def verification(**changes: Any) -> dict[str, Any]:
    return {
        "session_id": "s-1",
        "sequence": 30,
        "verified": True,
        "divergences": 0,
        "first": None,
        "items": [],
        "altered": [],
        "gaps": [],
        **changes,
    }


def test_what_agrees_is_verified(agentctl: Agentctl, services: HttpAnswers) -> None:
    services.on(VERIFY, verification())

    outcome = agentctl("history", "verify", "s-1")

    assert (outcome.code, "30 events folded again" in outcome.out) == (0, True)


@pytest.mark.parametrize("how", [(), ("--json",)])
@pytest.mark.parametrize(
    "found",
    [
        verification(
            verified=False,
            divergences=1,
            items=[
                {
                    "sequence": 7,
                    "read_model": "turns",
                    "key": ["s-1", "t-1"],
                    "field": "result",
                    "recorded": "no",
                    "folded": "yes",
                }
            ],
        ),
        verification(verified=False, altered=[{"sequence": 7, "event_id": "e"}]),
        verification(
            verified=False,
            snapshot_divergences=[
                {
                    "snapshot": 7,
                    "read_model": "",
                    "key": [],
                    "field": "latest_at",
                    "recorded": 1,
                    "folded": 2,
                }
            ],
        ),
        verification(verified=False, problem="event 7 cannot be read"),
        verification(gaps=[{"first": 7, "last": 8}]),
    ],
    ids=["divergence", "altered", "snapshot", "unreadable", "gap"],
)
def test_whatever_does_not_agree_ends_with_an_error(
    agentctl: Agentctl, services: HttpAnswers, found: dict[str, Any], how: tuple[str, ...]
) -> None:
    services.on(VERIFY, found)

    outcome = agentctl("history", "verify", "s-1", *how)

    assert outcome.code == 1
    assert "7" in outcome.out


def test_all_sessions_are_verified_and_only_what_is_wrong_is_told(
    agentctl: Agentctl, services: HttpAnswers
) -> None:
    bad = verification(session_id="s-2", verified=False, problem="event 7 cannot be read")
    pages = [
        {"items": [verification(snapshots=2), bad], "next": "more"},
        {"items": [verification()], "next": None},
    ]
    services.on("GET /persistence/v1/verifications", *pages)

    outcome = agentctl("history", "verify", "--all")

    assert outcome.code == 1
    assert outcome.out.splitlines() == [
        "s-2",
        "event 7 cannot be read",
        "2 sessions of 3: 60 events and 2 snapshots folded again",
    ]
    assert "1 session could not be verified" in outcome.err
    assert services.asked[1].query == {"cursor": ["more"]}


def test_what_is_wrong_is_told_as_it_is_found(agentctl: Agentctl, services: HttpAnswers) -> None:
    """Safeguard: ``_each`` gives, and nothing collects; the service fails at the second page."""
    bad = verification(session_id="s-2", verified=False, problem="event 7 cannot be read")
    pages = "GET /persistence/v1/verifications"
    services.on(pages, {"items": [bad], "next": "more"})
    services.on(pages, {"title": "Internal Server Error"}, status=500)

    outcome = agentctl("history", "verify", "--all")

    assert outcome.code == 1
    assert outcome.out.splitlines() == ["s-2", "event 7 cannot be read"]


@pytest.mark.parametrize("pages", [[[]], [[verification()], [verification(session_id="s\n[")]]])
def test_all_sessions_are_one_json_list(
    agentctl: Agentctl, services: HttpAnswers, pages: list[list[Any]]
) -> None:
    answers = [
        {"items": items, "next": "more" if number < len(pages) else None}
        for number, items in enumerate(pages, start=1)
    ]
    services.on("GET /persistence/v1/verifications", *answers)

    outcome = agentctl("history", "verify", "--all", "--json")

    assert (outcome.code, json.loads(outcome.out)) == (0, [each for page in pages for each in page])


@pytest.mark.parametrize("arguments", [(), ("s-1", "--all")])
def test_either_one_or_all_are_verified(agentctl: Agentctl, arguments: tuple[str, ...]) -> None:
    outcome = agentctl("history", "verify", *arguments)

    assert (outcome.code, "either the id of a session, or --all" in outcome.err) == (1, True)


PROBLEMS: dict[str, list[Any]] = {
    "orphans": ["e-1"],
    "cycles": [["e-1", "e-2"]],
    "gaps": [{"aggregate_id": "s-1", "gaps": [{"first": 3, "last": 4}]}],
    "duplicates": [{"sequence": 1, "detail": "came again"}],
    "conflicts": [{"sequence": 1, "detail": "the place is taken"}],
}


def causes(**problems: list[Any]) -> dict[str, Any]:
    empty: dict[str, list[Any]] = {name: [] for name in PROBLEMS}
    return {"correlation_id": "c-1", "events": [], "truncated": False, **empty, **problems}


def test_a_tree_with_nothing_wrong_ends_well(agentctl: Agentctl, services: HttpAnswers) -> None:
    services.on(TREE, causes())

    assert agentctl("history", "tree", "c-1").code == 0


@pytest.mark.parametrize("kind", PROBLEMS)
def test_each_kind_of_problem_is_named_and_ends_with_an_error(
    agentctl: Agentctl, services: HttpAnswers, kind: str
) -> None:
    services.on(TREE, causes(**{kind: PROBLEMS[kind]}))

    outcome = agentctl("history", "tree", "c-1")

    assert outcome.code == 1
    assert outcome.out.startswith(f"{kind[:-1]}: ")
