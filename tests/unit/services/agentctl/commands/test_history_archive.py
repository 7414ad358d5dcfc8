# SPDX-License-Identifier: Apache-2.0
from base64 import b64decode
from datetime import UTC, datetime
from pathlib import Path

import pytest

from shared.eventstore.archive import writing
from shared.eventstore.intake import entries_of
from shared.eventstore.stored_event import StoredEvent
from tests.support.agentctl import Agentctl
from tests.support.conversations import conversation
from tests.support.event_streams import delivered

EVENTS = [*conversation("s-1"), *conversation("s-2")]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "records-2026-10.jsonl.gz"
    with writing(path, "2026-10") as writer:
        for each in entries_of(delivered(EVENTS)):
            writer.add(StoredEvent.of(each, recorded_at=datetime(2026, 10, 1, tzinfo=UTC)))
    return path


def test_the_events_of_a_file_are_shown(agentctl: Agentctl, file: Path) -> None:
    outcome = agentctl("history", "read-archive", str(file))

    lines = outcome.out.splitlines()
    assert (outcome.code, len(lines)) == (0, len(EVENTS))
    assert "session_created  s-1" in lines[0]


def test_programs_get_the_bytes_that_came(agentctl: Agentctl, file: Path) -> None:
    outcome = agentctl("history", "read-archive", str(file), "--session", "s-2", "--json")

    mine = [each for each in EVENTS if each.aggregate_id == "s-2"]
    assert [each["event_id"] for each in outcome.data] == [str(each.event_id) for each in mine]
    came = [each.record.value for each in delivered(mine)]
    assert [b64decode(each["value"]) for each in outcome.data] == came


def test_nothing_is_shown_of_a_file_that_was_changed(agentctl: Agentctl, file: Path) -> None:
    """Safeguard: the whole file is read before the first line is shown."""
    file.write_bytes(file.read_bytes()[:-30])

    outcome = agentctl("history", "read-archive", str(file))

    assert (outcome.code, outcome.out) == (1, "")
    assert "is not as it was written" in outcome.err
    missing = agentctl("history", "read-archive", "nowhere")
    assert (missing.code, "cannot read nowhere" in missing.err) == (1, True)
