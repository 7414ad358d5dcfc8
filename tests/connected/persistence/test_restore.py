# SPDX-License-Identifier: Apache-2.0
"""An archived month comes back into the database as it was, or not at all."""

import gzip
import json
from asyncio import gather
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text

from deploy.archive import attaching
from deploy.archive.archiving import Archiving, CannotArchiveError
from deploy.archive.erasing import ArchiveErasing
from deploy.archive.restoring import CannotRestoreError, Restored, Restoring
from services.persistence.store.rebuilding import Rebuilding
from services.persistence.tables import streams
from shared.database import Database
from shared.errors import TransientError
from shared.events import Event
from tests.support.archives import OLD, age, stored_in, two_months
from tests.support.conversations import conversation
from tests.support.databases import MigratedDatabase
from tests.support.erasures import blank, order, secretive
from tests.support.history import TestHistory, folded
from tests.support.secrets import SECRET, tables_with

pytestmark = pytest.mark.connected

EVENTS = conversation("session-1")
FILE = "records-2026-03.jsonl.gz"


@pytest.fixture
def restoring(owner: Database) -> Restoring:
    return Restoring(owner)


async def exported(history: TestHistory) -> list[dict[str, Any]]:
    """Return the lines of an export without what says when it was made."""
    response = await history.client.get("/v1/sessions/session-1/export")
    assert response.status_code == 200, response.text
    lines = [json.loads(line) for line in response.text.splitlines()]
    return [{**each, "digest": "", "exported_at": "", "salt": ""} for each in lines]


async def verified(history: TestHistory) -> dict[str, Any]:
    """Return the verification; how many snapshots there are may differ."""
    found = await history.get("/v1/sessions/session-1/verification")
    return {**found, "snapshots": 0}


async def test_a_month_comes_back_and_everything_is_as_it_was(
    history: TestHistory, owner: Database, archiving: Archiving, restoring: Restoring
) -> None:
    """Safeguard: ``restored_at`` in ``in_a_file``; without it, all of this answers 409."""
    file = archiving.directory / FILE
    await two_months(history, owner, EVENTS)
    before = [await history.rows(each) for each in ("events", "records")]
    export, verification = await exported(history), await verified(history)
    inside = await history.get("/v1/sessions/session-1/state", at=7)
    await archiving.archive(OLD)
    for path, points in {
        "export": {},
        "verification": {},
        "state": {"at": 7},
        "diff": {"from": 7, "to": 9},
        "knowledge": {"at": 7},
    }.items():
        refused = await history.get(f"/v1/sessions/session-1/{path}", 409, **points)
        assert f"python -m deploy.archive --restore {FILE}" in refused["detail"], path

    assert await restoring.restore(file) == Restored(OLD, 20, 0)

    assert [await history.rows(each) for each in ("events", "records")] == before
    assert (await exported(history), await verified(history)) == (export, verification)
    assert await history.get("/v1/sessions/session-1/state", at=7) == inside
    assert (await history.get("/v1/sessions/session-1/timeline"))["archived"] == []
    rebuilding = Rebuilding(history.database)
    await rebuilding.begin()
    while await rebuilding.advance():
        pass
    assert (await history.rows("rebuilds"))[0]["differences"] == 0
    assert await history.read_models() == folded(EVENTS)


async def test_what_was_restored_is_archived_again_without_writing_its_file_again(
    history: TestHistory, owner: Database, archiving: Archiving, restoring: Restoring
) -> None:
    """Safeguards: ``_says``, and that a month that is away is never written over."""
    file = archiving.directory / FILE
    await two_months(history, owner, EVENTS)
    manifest = await archiving.archive(OLD)
    written = file.stat()
    await restoring.restore(file)

    assert await archiving.archive(OLD) == manifest

    assert (file.stat().st_ino, file.stat().st_mtime_ns) == (written.st_ino, written.st_mtime_ns)
    assert await stored_in(owner, "session-1") != []
    assert len(await stored_in(owner, "session-1")) == len(EVENTS) - 20
    await history.get("/v1/sessions/session-1/export", 409)
    await history.take(*conversation("session-2"))
    await age(owner, OLD)
    with pytest.raises(CannotArchiveError, match=f"2026-03 is in {FILE} already"):
        await archiving.archive(OLD)
    assert (file.stat().st_ino, file.stat().st_mtime_ns) == (written.st_ino, written.st_mtime_ns)


async def test_what_is_not_the_file_that_was_written_here_is_refused(
    history: TestHistory, owner: Database, archiving: Archiving, restoring: Restoring
) -> None:
    """Safeguards: ``_checked``, ``_require_noted``, and ``_is_same`` for each event."""
    file = archiving.directory / FILE
    await two_months(history, owner, EVENTS)
    await archiving.archive(OLD)
    whole = file.read_bytes()
    lines = gzip.decompress(whole).splitlines(keepends=True)
    lines[3] = lines[3].replace(b'"timestamp":', b'"timestamp":1', 1)

    async def refused(reason: str, path: Path = file) -> None:
        with pytest.raises(CannotRestoreError, match=reason):
            await restoring.restore(path)

    file.write_bytes(gzip.compress(b"".join(lines)))
    await refused("is not as it was written: line 22")
    file.write_bytes(whole)
    called = file.with_name("records-2026-04.jsonl.gz")
    called.write_bytes(whole)
    await refused("is called like that of 2026-04, but has the events of 2026-03", called)
    await run(owner, "UPDATE persistence.archives SET digest = 'another'")
    await refused("is not the file of 2026-03 that was written last for this database")
    await run(owner, "UPDATE persistence.archives SET month = '2026-02'")
    await refused("2026-03 was never archived from this database")
    await run(
        owner,
        "UPDATE persistence.archives SET month = '2026-03', digest = :digest",
        digest=json.loads(lines[-1])["digest"],
    )
    await run(owner, "UPDATE persistence.events SET digest = sha256('x') WHERE sequence = 7")
    await refused("event 7 of session-1 is not the one that was archived")
    assert len(await stored_in(owner, "session-1")) == len(EVENTS) - 20
    await run(
        owner,
        "UPDATE persistence.events SET digest = decode(:digest, 'hex') WHERE sequence = 7",
        digest=json.loads(lines[7])["digest"],
    )
    made = "SELECT persistence.ensure_months(:at, :at)"
    await run(owner, made, at=OLD.begins)
    await refused("a part of 2026-03 is in the database, in persistence_months.records_2026_03")
    await run(owner, "DROP TABLE persistence_months.records_2026_03")
    await restoring.restore(file)
    await refused("2026-03 is in the database already")


async def record_at(owner: Database, session_id: str, moment: datetime) -> None:
    for table in ("events", "records"):
        await run(
            owner,
            f"UPDATE persistence.{table} SET recorded_at = :at"  # noqa: S608 -- one of two
            " WHERE aggregate_id = :session_id",
            at=moment,
            session_id=session_id,
        )


async def run(owner: Database, statement: str, **values: Any) -> None:
    async with owner.begin() as connection:
        await connection.execute(text(statement), values)


@pytest.mark.parametrize("rewritten", [False, True])
async def test_what_was_erased_meanwhile_stays_erased(
    *,
    history: TestHistory,
    owner: Database,
    archiving: Archiving,
    restoring: Restoring,
    migrated_database: MigratedDatabase,
    rewritten: bool,
) -> None:
    """Safeguard: ``left_of``, from a file that has it all and from one that was written anew."""
    file = archiving.directory / FILE
    other = conversation("session-2")
    said = secretive(EVENTS)
    await history.take(*other)
    await two_months(history, owner, said)
    kept = await stored_in(owner, "session-2")
    await archiving.archive(OLD)
    erasing_it = order(said)
    await history.take(*erasing_it)
    await left_as_if_folded(history, [*blank(said), *erasing_it], other)
    if rewritten:
        erasing = ArchiveErasing(database=owner, directory=archiving.directory)
        assert list(await erasing.erase()) == ["2026-03"]
        assert await erasing.erase() == {}
        assert SECRET.encode() not in gzip.decompress(file.read_bytes())

    restored = await restoring.restore(file)

    assert (restored.erased > 0) is not rewritten
    assert await tables_with(migrated_database.admin_url, SECRET) == []
    assert await stored_in(owner, "session-2") == kept
    assert (await exported(history))[0]["erased_at"]
    assert (await verified(history))["verified"]


async def left_as_if_folded(history: TestHistory, left: list[Event], other: list[Event]) -> None:
    """Require of a session with archived events that it was erased like any other one.

    Safeguard: ``Remains``; folded without the events that are in a file, most would be missing.
    """
    assert await history.read_models() == folded([*left, *other])
    state = await history.get("/v1/sessions/session-1/state")
    border = await history.get("/v1/sessions/session-1/state", at=20)
    assert (state["session"]["state"], state["session"]["title"]) == ("erased", "[erased]")
    assert (state["sequence"], border["sequence"]) == (len(left), 20)
    assert {each["content"] for each in state["messages"]} == {"[erased]"}
    await history.get("/v1/sessions/session-1/state", 409, at=7)


async def test_one_who_erases_while_a_month_is_restored_misses_nothing(
    *,
    history: TestHistory,
    owner: Database,
    archiving: Archiving,
    restoring: Restoring,
    migrated_database: MigratedDatabase,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Safeguard: ``hold_erased``, after which the month is there for who erases."""
    file = archiving.directory / FILE
    said = secretive(EVENTS)
    await two_months(history, owner, said)
    await archiving.archive(OLD)
    gather_late = attaching.gather

    async def erased_then(*arguments: Any) -> None:
        await history.take(*order(said))
        await gather_late(*arguments)

    monkeypatch.setattr(attaching, "gather", erased_then)
    with pytest.raises(CannotRestoreError, match="a session of 2026-03 was erased meanwhile"):
        await restoring.restore(file)
    monkeypatch.undo()

    await restoring.restore(file)

    assert await tables_with(migrated_database.admin_url, SECRET) == []


async def test_no_session_of_a_month_is_erased_while_the_month_comes_back(
    history: TestHistory,
    owner: Database,
    archiving: Archiving,
    restoring: Restoring,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Safeguard: the lock of ``hold_erased``; an erasure would not find what is not there yet."""
    await two_months(history, owner, EVENTS)
    await archiving.archive(OLD)
    attach_later, waits = attaching.attach, list[str]()

    async def try_to_erase(*arguments: Any) -> None:
        erasing = select(streams).where(streams.c.aggregate_id == "session-1")
        try:
            async with owner.begin() as connection:
                await connection.execute(erasing.with_for_update(nowait=True))
        except TransientError as error:
            waits.append(str(error))
        await attach_later(*arguments)

    monkeypatch.setattr(attaching, "attach", try_to_erase)
    await restoring.restore(archiving.directory / FILE)

    assert len(waits) == 1


async def test_others_write_while_a_month_is_restored_and_what_came_late_is_kept(
    history: TestHistory, owner: Database, archiving: Archiving, restoring: Restoring
) -> None:
    """Safeguard: ``gather``; without it, the month cannot have a table of its own again."""
    file = archiving.directory / FILE
    await two_months(history, owner, EVENTS)
    await archiving.archive(OLD)
    await history.take(*conversation("session-2"))
    await record_at(owner, "session-2", OLD.begins)
    late = await stored_in(owner, "session-2")

    await gather(
        restoring.restore(file), *(history.take(*conversation(f"session-{n}")) for n in (3, 4, 5))
    )

    assert await stored_in(owner, "session-2") == late
    assert len(await stored_in(owner, "session-1")) == len(EVENTS)
    for session in (1, 2, 3, 4, 5):
        found = await history.get(f"/v1/sessions/session-{session}/verification")
        assert found["verified"]


async def test_a_month_ends_before_the_first_moment_of_the_next(
    history: TestHistory, owner: Database, archiving: Archiving
) -> None:
    """Safeguard: the half-open bounds of ``in_a_file``."""
    await two_months(history, owner, EVENTS)
    await history.take(*conversation("session-2"))
    await record_at(owner, "session-2", OLD.ends)

    await archiving.archive(OLD)

    assert (await history.get("/v1/sessions/session-2/verification"))["verified"]
    await history.get("/v1/sessions/session-1/verification", 409)
