# SPDX-License-Identifier: Apache-2.0
import sys
from pathlib import Path

import pytest

from tests.support.agentctl import Agentctl
from tests.support.dead_letter_views import LETTER, letter_view, result_view
from tests.support.http_answers import HttpAnswers

SHOW = f"GET /dead_letters/v1/dead-letters/{LETTER}"
EDIT = f"POST /dead_letters/v1/dead-letters/{LETTER}/edit"
NEW = "01890000-0000-7000-8000-00000000000e"
BY = ("--reason", "a typing error", "--operator", "ada")


def answer(services: HttpAnswers) -> None:
    services.on(EDIT, {**result_view(), "new_event_id": NEW})


def test_the_event_in_a_file_is_sent_with_who_and_why(
    agentctl: Agentctl, services: HttpAnswers, tmp_path: Path
) -> None:
    answer(services)
    file = tmp_path / "event.json"
    file.write_text('{"session_id": "s-1"}')

    outcome = agentctl("dlq", "edit", LETTER, "--payload", str(file), *BY)

    assert (outcome.code, f"is now event {NEW}" in outcome.out) == (0, True)
    [asked] = services.asked
    assert asked.body["payload"] == {"session_id": "s-1"}
    assert (asked.body["operator"], asked.body["reason"]) == ("ada", "a typing error")


def editor(tmp_path: Path, code: str) -> str:
    """Return the command of an editor that does ``code`` with the file of the name ``f``."""
    program = tmp_path / "editor.py"
    program.write_text(f"import pathlib, sys\nf = pathlib.Path(sys.argv[1])\n{code}\n")
    return f"{sys.executable} {program}"


def test_without_a_file_the_body_opens_in_an_editor(
    agentctl: Agentctl, services: HttpAnswers, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    services.on(SHOW, letter_view())
    answer(services)
    code = 'assert f.read_text(); f.write_text(\'{"session_id": "mended"}\')'
    monkeypatch.setenv("VISUAL", editor(tmp_path, code))

    outcome = agentctl("dlq", "edit", LETTER, *BY)

    assert outcome.code == 0
    assert services.asked[-1].body["payload"] == {"session_id": "mended"}


@pytest.mark.parametrize(
    ("code", "said"), [("pass", "nothing was changed"), ("sys.exit(3)", "the editor failed")]
)
def test_an_editor_that_changes_nothing_sends_nothing(
    agentctl: Agentctl,
    services: HttpAnswers,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    code: str,
    said: str,
) -> None:
    services.on(SHOW, letter_view())
    monkeypatch.setenv("VISUAL", editor(tmp_path, code))

    outcome = agentctl("dlq", "edit", LETTER, *BY)

    assert (outcome.code, said in outcome.err) == (1, True)
    assert len(services.asked) == 1


@pytest.mark.parametrize("content", ["{", "[]"])
def test_what_is_no_object_is_not_sent(
    agentctl: Agentctl, services: HttpAnswers, tmp_path: Path, content: str
) -> None:
    file = tmp_path / "event.json"
    file.write_text(content)

    outcome = agentctl("dlq", "edit", LETTER, "--payload", str(file), *BY)

    assert (outcome.code, "no JSON object" in outcome.err) == (1, True)
    assert services.asked == []


def test_a_file_that_is_not_there_is_said(agentctl: Agentctl, services: HttpAnswers) -> None:
    outcome = agentctl("dlq", "edit", LETTER, "--payload", "nowhere.json", *BY)

    assert (outcome.code, "cannot read nowhere.json" in outcome.err) == (1, True)
