# SPDX-License-Identifier: Apache-2.0
"""Archived events come back as they were, or not at all."""

import gzip
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic_core import from_json

from shared.eventstore.archive import (
    AlteredArchiveError,
    Contents,
    contents_of,
    read_archive,
    writing,
)
from shared.eventstore.intake import entries_of
from shared.eventstore.stored_event import StoredEvent
from tests.support.conversations import conversation
from tests.support.event_streams import delivered

NOW = datetime(2026, 10, 3, 12, 0, 0, 123456, tzinfo=UTC)


CONVERSATION = conversation()


def events() -> list[StoredEvent]:
    entries = entries_of(delivered(CONVERSATION))
    found = [StoredEvent.of(each, recorded_at=NOW) for each in entries]
    odd = found[0]._replace(
        topic=None,
        partition=None,
        offset=None,
        timestamp=None,
        key=None,
        value=b"\xff\x00",
        headers_json="[]",
    )
    return [*found, odd._replace(sequence=999, erased_at=NOW)]


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "records.jsonl.gz"
    with writing(path, "2026-10") as writer:
        for each in events():
            writer.add(each)
    assert writer.events == len(events())
    return path


def rewritten(archive: Path, lines: list[bytes]) -> Path:
    archive.write_bytes(gzip.compress(b"".join(lines)))
    return archive


def lines_of(archive: Path) -> list[bytes]:
    return gzip.decompress(archive.read_bytes()).splitlines(keepends=True)


def test_events_come_back_equal_in_every_byte(archive: Path) -> None:
    assert list(read_archive(archive)) == events()
    assert next(read_archive(archive)).event() == events()[0].event()


def test_a_file_says_which_month_it_has_and_what_its_digest_is(archive: Path) -> None:
    contents = contents_of(archive)
    end = from_json(lines_of(archive)[-1])
    assert contents == Contents("2026-10", end["digest"], len(events()))


def test_the_same_events_come_to_the_same_file(archive: Path, tmp_path: Path) -> None:
    with writing(tmp_path / "again", "2026-10") as writer:
        for each in events():
            writer.add(each)

    assert (tmp_path / "again").read_bytes() == archive.read_bytes()


def test_a_file_is_never_written_over(archive: Path) -> None:
    with pytest.raises(FileExistsError), writing(archive, "2026-10"):
        pass


def test_a_changed_event_is_found(archive: Path) -> None:
    """Safeguard: the digest at the end."""
    lines = lines_of(archive)
    lines[3] = lines[3].replace(b'"timestamp":', b'"timestamp":1', 1)

    with pytest.raises(AlteredArchiveError, match="not those of its digest"):
        list(read_archive(rewritten(archive, lines)))


@pytest.mark.parametrize("end", [slice(None, -1), slice(None, 0)])
def test_a_file_that_was_cut_off_is_found(archive: Path, end: slice) -> None:
    """Safeguard: the last line has to be there."""
    with pytest.raises(AlteredArchiveError, match="the end is missing"):
        list(read_archive(rewritten(archive, lines_of(archive)[end])))


def test_packed_bytes_that_were_cut_off_or_changed_are_found(archive: Path) -> None:
    whole = archive.read_bytes()
    for broken in (whole[:-20], b"not packed", whole[:200] + b"\x00\x00\x00" + whole[203:]):
        archive.write_bytes(broken)
        with pytest.raises(AlteredArchiveError):
            list(read_archive(archive))


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"{\n", "it is no JSON"),
        (b"[1]\n", "it is no JSON object"),
        (b'{"format":"other","version":1}\n', "it is no agent-runtime/archive of version 1"),
    ],
)
def test_something_else_is_no_archive(archive: Path, line: bytes, reason: str) -> None:
    with pytest.raises(AlteredArchiveError, match=reason):
        list(read_archive(rewritten(archive, [line])))


def test_a_line_that_is_no_event_is_named(archive: Path) -> None:
    lines = lines_of(archive)
    with pytest.raises(AlteredArchiveError, match="line 2: it is no event"):
        list(read_archive(rewritten(archive, [lines[0], b'{"sequence":1}\n'])))
