# SPDX-License-Identifier: Apache-2.0
"""``agentctl history import``: what it sends, what it prints, how it ends."""

from pathlib import Path
from typing import Any

import pytest

from tests.support.agentctl import Agentctl
from tests.support.http_answers import HttpAnswers

IMPORT = "POST /persistence/v1/imports"


@pytest.fixture
def export(tmp_path: Path) -> str:
    file = tmp_path / "session.jsonl"
    file.write_text("{}\n")
    return str(file)


def result(**changes: Any) -> dict[str, Any]:
    return {
        "session_id": "s-1",
        "outcome": "imported",
        "dry_run": False,
        "events": 53,
        "added": 53,
        "installation": "north",
        "exported_at": "2026-11-28T04:33:54Z",
        "digest": "ab" * 32,
        **changes,
    }


def test_what_was_added_is_told_with_where_it_came_from(
    agentctl: Agentctl, services: HttpAnswers, export: str
) -> None:
    services.on(IMPORT, result())

    outcome = agentctl("history", "import", export, "--by", "ann", "--reason", "look into it")

    assert outcome.code == 0
    assert "the installation 'north'" in outcome.out
    assert "53 added" in outcome.out
    assert services.asked[0].query == {"imported_by": ["ann"], "reason": ["look into it"]}


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (result(outcome="unchanged", added=0), "53, all here already: nothing to do"),
        (result(outcome="extended", added=13), "13 added to the 40 events from before"),
        (result(dry_run=True), "53 would be added"),
        (result(installation=""), "an installation without a name"),
    ],
)
def test_each_outcome_is_told_apart(
    agentctl: Agentctl, services: HttpAnswers, export: str, answer: Any, told: str
) -> None:
    services.on(IMPORT, answer)

    outcome = agentctl("history", "import", export)

    assert outcome.code == 0
    assert told in outcome.out
    assert outcome.widest <= 80


def test_what_is_refused_is_told_in_a_line(
    agentctl: Agentctl, services: HttpAnswers, export: str
) -> None:
    services.on(IMPORT, {"detail": "line 4: it is no JSON"}, status=422)

    outcome = agentctl("history", "import", export)

    assert (outcome.code, outcome.err) == (1, "agentctl: persistence: line 4: it is no JSON\n")


def test_a_file_that_is_not_there_is_named(agentctl: Agentctl, tmp_path: Path) -> None:
    outcome = agentctl("history", "import", str(tmp_path / "nothing.jsonl"))

    assert outcome.code == 1
    assert "cannot read" in outcome.err
