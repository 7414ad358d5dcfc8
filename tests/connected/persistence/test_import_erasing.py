# SPDX-License-Identifier: Apache-2.0
"""Erasing a session that is here by import alone, which no orchestrator here can order."""

import json
from typing import Any

import httpx
import pytest

from deploy.embedded.sql import connected
from services.persistence.store import import_erasing
from services.persistence.store.snapshots import Snapshots
from services.persistence.tables import metadata
from shared.events import HistoryErased, SessionErased, SessionErasedEvent, SessionForked
from shared.events.content import CONTENT, ERASED
from tests.support.announced import told
from tests.support.conversations import conversation
from tests.support.databases import MigratedDatabase
from tests.support.exports import export_of
from tests.support.history import TestHistory
from tests.support.secrets import SECRET, tables_with

pytestmark = pytest.mark.connected

SESSION = "/v1/sessions/session-1"
SAID = [
    each.model_copy(
        update={
            name: f"{SECRET} {value}"
            for name, value in each
            if name in CONTENT and isinstance(value, str)
        }
    )
    for each in conversation()
]
FIRST = 20
"""How many events the export has that comes first."""


async def imported(history: TestHistory, export: bytes) -> str:
    response = await history.client.post("/v1/imports", content=export)
    assert response.is_success, response.text
    outcome: str = response.json()["outcome"]
    return outcome


async def erase(history: TestHistory, **body: Any) -> httpx.Response:
    return await history.client.post(f"{SESSION}/erase", json=body)


async def test_nothing_is_left_of_what_was_said_and_nothing_brings_it_back(
    history: TestHistory, migrated_database: MigratedDatabase
) -> None:
    """Safeguards: ``Erasing.erase`` is called, and ``streams.erased`` is asked by imports.

    The same export again is nothing new, and one that goes on loses its content on the way in.
    """
    await history.take(*conversation("session-2"))
    await imported(history, export_of(SAID[:FIRST]))
    while await Snapshots(history.database).advance():
        pass
    assert await tables_with(migrated_database.admin_url, SECRET)

    answer = (await erase(history, by="ann", reason="ticket 7")).json()

    assert await tables_with(migrated_database.admin_url, SECRET) == []
    assert (answer["last_sequence"], answer["installations"]) == (FIRST, ["there"])
    assert await imported(history, export_of(SAID[:FIRST])) == "unchanged"
    assert await imported(history, export_of(SAID)) == "extended"
    assert await tables_with(migrated_database.admin_url, SECRET) == []
    session = await history.get(SESSION)
    assert (session["last_sequence"], session["title"]) == (len(SAID), ERASED)
    assert session["erasure"] == {
        "erased_at": answer["erased_at"], "erased_by": "ann", "reason": "ticket 7"
    }  # fmt: skip
    assert (await history.get(f"{SESSION}/timeline"))["erased_at"] == answer["erased_at"]
    assert (await history.get(f"{SESSION}/verification"))["verified"] is True
    assert (await history.get("/v1/sessions/session-2"))["title"] != ERASED


async def test_it_is_told_once_who_did_it(history: TestHistory) -> None:
    """Safeguards: ``announce`` in the transaction; an erased session is not erased again."""
    await imported(history, export_of(SAID))

    first = await erase(history, by="ann", reason="ticket 7")
    again = await erase(history, by="bob")

    assert (first.status_code, again.json()) == (200, first.json())
    [event] = await told(history, HistoryErased)
    assert (event.operator, event.reason) == ("ann", "ticket 7")
    assert (event.erased_session_id, event.events) == ("session-1", len(SAID))
    assert len(await history.rows("erasures")) == 1


async def test_what_cannot_be_told_is_not_erased(
    history: TestHistory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Safeguard: the event is written down in the transaction of the deed."""
    await imported(history, export_of(SAID))
    monkeypatch.setattr(import_erasing, "UNTOLD", "")

    assert (await erase(history)).status_code >= 500
    assert await history.rows("erasures") == []
    assert (await history.get(f"{SESSION}/timeline"))["erased_at"] is None


async def test_a_session_of_this_installation_is_left_to_its_orchestrator(
    history: TestHistory,
) -> None:
    """Safeguard: ``_require_foreign``; erased here alone, audit and contexts would go on."""
    assert (await erase(history)).status_code == 404
    assert await history.rows("streams") == []
    await history.take(*SAID)
    assert await imported(history, export_of(SAID)) == "unchanged"

    refused = await erase(history)

    assert (refused.status_code, "orchestrator" in refused.json()["detail"]) == (409, True)
    assert await history.rows("erasures") == []


async def test_an_imported_session_that_also_lives_here_is_left_to_its_orchestrator(
    history: TestHistory, migrated_database: MigratedDatabase
) -> None:
    """A history that was lost can be imported before its topics are read anew.

    Safeguard: duplicates and coordinates are asked for. Its orchestrator's order erases it all.
    """
    await imported(history, export_of(SAID))
    await history.take(*SAID[:1])
    assert (await erase(history)).status_code == 409

    order = SessionErased(session_id="session-1", sequence=len(SAID) + 1, erased_by="ann")
    echo = SessionErasedEvent(session_id="session-1", sequence=len(SAID) + 2, operator="ann")
    await history.take(order, echo)

    assert (await erase(history)).status_code == 409
    assert await tables_with(migrated_database.admin_url, SECRET) == []


async def test_what_came_erased_is_not_brought_back_by_an_older_export(
    history: TestHistory, migrated_database: MigratedDatabase
) -> None:
    """Safeguard: ``_remember_erased``; the export of such a session has no order among its events.

    The first line of an export says it, and the whole of it is imported elsewhere.
    """
    await imported(history, export_of(SAID[:FIRST]))
    await erase(history, by="ann")
    export = (await history.client.get(f"{SESSION}/export")).content
    assert "erased_at" in json.loads(export.splitlines()[0])
    await _forget(migrated_database)

    assert await imported(history, export) == "imported"
    assert await imported(history, export_of(SAID)) == "extended"

    assert await tables_with(migrated_database.admin_url, SECRET) == []
    assert (await history.get(SESSION))["erasure"]["reason"].startswith("it came erased")


async def _forget(database: MigratedDatabase) -> None:
    """Make this an installation that knows nothing of the session."""
    async with connected(database.admin_url) as connection:
        for table in metadata.sorted_tables:
            await connection.execute(f"TRUNCATE {table.fullname}")


async def test_forks_that_have_what_was_said_are_named(history: TestHistory) -> None:
    forked = SessionForked(
        session_id="session-3",
        sequence=2,
        direction="from",
        other_session_id="session-1",
        at_sequence=3,
    )
    created = conversation("session-3")[0]
    await imported(history, export_of(SAID))
    await imported(history, export_of([created, forked], session_id="session-3"))

    assert (await erase(history)).json()["forks"] == ["session-3"]
    fork = await history.client.post("/v1/sessions/session-3/erase")
    assert (fork.status_code, fork.json()["forks"]) == (200, [])
    assert (await erase(history)).json()["forks"] == []
