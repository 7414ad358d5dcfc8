# SPDX-License-Identifier: Apache-2.0
import json
from pathlib import Path

from tests.support.agentctl import Agentctl
from tests.support.http_answers import HttpAnswers

PATH = "GET /persistence/v1/sessions/s/export"
END = json.dumps({"end": True, "events": 2, "digest": "abc"}) + "\n"


def test_who_takes_a_session_out_says_so(
    agentctl: Agentctl, services: HttpAnswers, tmp_path: Path
) -> None:
    services.on(PATH, "{}\n" + END)
    file = tmp_path / "s.jsonl"

    outcome = agentctl("history", "export", "s", str(file), "--by", "ann", "--reason", "ticket 7")

    assert (outcome.code, file.read_text()) == (0, "{}\n" + END)
    assert services.asked[0].query == {"exported_by": ["ann"], "reason": ["ticket 7"]}


def test_one_that_was_cut_off_is_no_file(
    agentctl: Agentctl, services: HttpAnswers, tmp_path: Path
) -> None:
    """Safeguard: ``_last``; the end is only given once all of it was told."""
    services.on(PATH, "{}\n")

    outcome = agentctl("history", "export", "s", str(tmp_path / "s.jsonl"), "--by", "ann")

    assert (outcome.code, "cut off" in outcome.err) == (1, True)
    assert list(tmp_path.iterdir()) == []
