# SPDX-License-Identifier: Apache-2.0
"""An old month goes into a file, and out of the database only when the file can be read back."""

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from sqlalchemy import text

from deploy.archive.archiving import Archiving, CannotArchiveError
from deploy.archive.erasing import ArchiveErasing
from deploy.archive.manifest import Manifest
from deploy.archive.partitions import months
from deploy.embedded.sql import connected
from services.persistence.store.rebuilding import Rebuilding
from shared.database import Database
from shared.eventstore.archive import read_archive
from shared.eventstore.stored_event import StoredEvent
from tests.support.archives import FOLLOWING, OLD, age, stored_in, two_months
from tests.support.conversations import conversation
from tests.support.databases import MigratedDatabase
from tests.support.history import TestHistory, folded

pytestmark = pytest.mark.connected

EVENTS = conversation("session-1")


async def test_a_month_comes_back_from_its_file_equal_in_every_byte(
    history: TestHistory, owner: Database, archiving: Archiving
) -> None:
    """Safeguard: ``Archiving._write`` takes all columns; the month that follows stays."""
    await two_months(history, owner, EVENTS)
    before = await stored_in(owner, "session-1")

    manifest = await archiving.archive(OLD)

    file = archiving.directory / manifest.file
    assert list(read_archive(file)) == before[:20]
    assert await stored_in(owner, "session-1") == before[20:]
    assert (manifest.events, manifest.streams, manifest.erased) == (20, 1, 0)
    assert manifest.file_sha256 == sha256(file.read_bytes()).hexdigest()
    assert sum(each.events for each in manifest.kafka) == 20
    written = (archiving.directory / "records-2026-03.manifest.json").read_text()
    assert Manifest.model_validate_json(written) == manifest
    async with owner.connect() as connection:
        assert OLD not in await months(connection)


async def test_what_is_archived_is_still_known_counted_and_gone_on_from(
    history: TestHistory, owner: Database, archiving: Archiving
) -> None:
    """Safeguards: ``_keep_states`` (the snapshot at the border) and ``carry_over``."""
    await two_months(history, owner, EVENTS)
    live = await history.read_models()
    now = await history.get("/v1/sessions/session-1/state")

    await archiving.archive(OLD)

    assert await history.get("/v1/sessions/session-1/state") == now
    border = await history.get("/v1/sessions/session-1/state", at=20)
    assert border["sequence"] == 20
    between = await history.get("/v1/sessions/session-1/state", 409, at=7)
    assert "said in 2026-03 is in the archive" in between["detail"]
    timeline = await history.get("/v1/sessions/session-1/timeline")
    assert [each["sequence"] for each in timeline["items"]] == list(range(1, len(EVENTS) + 1))
    assert timeline["archived"] == [
        {
            "month": "2026-03",
            "file": "records-2026-03.jsonl.gz",
            "first": 1,
            "last": 20,
            "events": 20,
        }
    ]
    await history.get("/v1/sessions/session-1/export", 409)
    assert await history.take(*EVENTS) == len(EVENTS), (
        "what is archived is known when it comes again"
    )
    rebuilding = Rebuilding(history.database)
    await rebuilding.begin()
    while await rebuilding.advance():
        pass
    assert await history.read_models() == live == folded(EVENTS)


async def test_nothing_is_dropped_that_would_be_needed_or_was_changed(
    history: TestHistory, owner: Database, archiving: Archiving
) -> None:
    """Safeguards: ``_require_fit``, and the digest of each event in ``_write``."""
    await history.take(*EVENTS[:5], *EVENTS[6:9])
    await age(owner, OLD)

    with pytest.raises(CannotArchiveError, match="wait for others in session-1"):
        await archiving.archive(OLD)

    await history.take(EVENTS[5])
    await age(owner, FOLLOWING)
    async with owner.begin() as connection:
        await connection.execute(
            text("UPDATE persistence.records SET value = '{}' WHERE sequence = 3")
        )
    with pytest.raises(CannotArchiveError, match="event 3 of session-1 has other bytes"):
        await archiving.archive(OLD)
    assert len(await stored_in(owner, "session-1")) == 9
    assert list(archiving.directory.glob("*.gz")) == []


async def test_nothing_is_dropped_if_the_disk_has_something_else(
    history: TestHistory, owner: Database, archiving: Archiving, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Safeguard: ``_read_back`` before ``drop``; the file is the only place that would have it."""
    await two_months(history, owner, EVENTS)

    def altered(file: Path) -> Iterator[StoredEvent]:
        for each in read_archive(file):
            yield each._replace(value=b"{}") if each.sequence == 7 else each

    monkeypatch.setattr("deploy.archive.archiving.read_archive", altered)

    with pytest.raises(CannotArchiveError, match="is the disk sound"):
        await archiving.archive(OLD)

    assert len(await stored_in(owner, "session-1")) == len(EVENTS)
    assert list(archiving.directory.glob("*.gz")) == []


async def test_what_is_erased_later_is_erased_in_the_file_too(
    history: TestHistory, owner: Database, archiving: Archiving, migrated_database: MigratedDatabase
) -> None:
    await history.take(*EVENTS, *conversation("session-2"))
    await age(owner, OLD)
    manifest = await archiving.archive(OLD)
    file = archiving.directory / manifest.file
    before = list(read_archive(file))
    async with connected(migrated_database.admin_url) as connection:
        await connection.execute(
            "UPDATE persistence.streams SET erased = true WHERE aggregate_id = 'session-1'"
        )
    erasing = ArchiveErasing(database=owner, directory=archiving.directory)

    first, again = await erasing.erase(), await erasing.erase()

    after = list(read_archive(file))
    assert (list(first), again) == (["2026-03"], {})
    assert [each for each in after if each.aggregate_id == "session-2"] == [
        each for each in before if each.aggregate_id == "session-2"
    ]
    mine = [each for each in after if each.aggregate_id == "session-1"]
    assert sum(each.erased_at is not None for each in mine) == first["2026-03"] > 0
    said = [each.event() for each in mine]
    assert {getattr(each, "message_content", "[erased]") for each in said} == {"[erased]"}
    [noted] = await history.rows("archives")
    assert noted["digest"] != manifest.digest
