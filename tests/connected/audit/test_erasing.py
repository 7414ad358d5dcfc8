# SPDX-License-Identifier: Apache-2.0
"""What the records of an erased session say is gone from the logs, and every proof holds."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from services.audit.store.entry_queries import EntryFilter
from services.audit.transparency import Checkpoint, Note
from shared.events import Event, MessageReceived, SessionErased, SessionErasedEvent
from tests.support.audit_service import AuditUnderTest, poison, record
from tests.support.databases import MigratedDatabase
from tests.support.factories import an_event
from tests.support.secrets import SECRET, tables_with

pytestmark = pytest.mark.connected

SAID, OTHER = "s-1", "s-2"


def said(sequence: int, *, session_id: str = SAID) -> Event:
    return an_event(
        MessageReceived, session_id=session_id, message_content=SECRET, sequence=sequence
    )


def order(sequence: int, *, session_id: str = SAID) -> Event:
    fields: dict[str, Any] = {"session_id": session_id, "sequence": sequence}
    return an_event(SessionErased, **fields, erased_by="ann", erasure_reason="ticket 7")


def ordered_elsewhere(sequence: int) -> Event:
    return an_event(SessionErasedEvent, session_id=SAID, sequence=sequence, operator="ann")


async def test_every_proof_holds_after_what_was_said_is_gone(
    audit: AuditUnderTest, migrated_database: MigratedDatabase
) -> None:
    """Safeguard: ``erase`` in the transaction of the order; entries and nodes are left alone."""
    unreadable = replace(poison(3, SECRET.encode()), key=SAID.encode())
    await audit.log([record(0, event=said(1)), record(1, event=said(1, session_id=OTHER))])
    await audit.log([record(2, event=said(2)), unreadable])
    await audit.sign()
    [log] = await audit.logs.logs()
    before = await audit.logs.checkpoint(log.head.log_id)

    await audit.log([record(4, event=order(3)), record(5, event=said(4))])
    await audit.sign()

    [verdict] = await audit.verifier.verify()
    assert (verdict.tampering, verdict.sound, verdict.proven) == (None, 6, 6)
    assert verdict.erased == 4, "two messages, what nobody could read, and what came with the order"
    entries = await audit.entries.entries(EntryFilter(), after=None, limit=10)
    for entry in entries:
        assert await audit.evidence.proof(entry.place) is not None
    assert before is not None
    old = Checkpoint.parse(Note.parse(before).text).size
    assert await audit.evidence.consistency(log.head.log_id, old=old, new=6)
    assert await tables_with(migrated_database.admin_url, SECRET) == ["audit.contents"]
    await audit.log([record(6, event=order(2, session_id=OTHER))])
    assert await tables_with(migrated_database.admin_url, SECRET) == []
    assert await tables_with(migrated_database.admin_url, "ticket 7") == ["audit.contents"]


async def test_what_comes_after_the_order_is_logged_and_not_written_down(
    audit: AuditUnderTest, migrated_database: MigratedDatabase
) -> None:
    """A topic may be read anew. Safeguards: ``is_kept`` with ``erased_among``, and ``erasures``.

    The other order comes by itself: in one batch with what was said, it alone would erase that.
    """
    await audit.log([record(0, event=order(3))])

    await audit.log([record(1, event=said(1))])
    assert await tables_with(migrated_database.admin_url, SECRET) == []
    await audit.log([record(2, event=ordered_elsewhere(4))])

    verdicts = await audit.verifier.verify()
    assert [(each.tampering, each.sound, each.erased) for each in verdicts] == [
        (None, 2, 1),
        (None, 1, 0),
    ]
    assert await tables_with(migrated_database.admin_url, SECRET) == []


async def test_nothing_slips_through_that_is_logged_elsewhere_at_the_same_time(
    audit: AuditUnderTest, migrated_database: MigratedDatabase
) -> None:
    """Safeguard: ``every_origin``, by which the order locks the heads of all logs."""
    await audit.log([record(0, partition=each, event=said(1)) for each in range(4)])

    await asyncio.gather(
        *(
            audit.log([record(number, partition=each, event=said(number * 4 + each))])
            for number in range(1, 6)
            for each in range(3)
        ),
        audit.log([record(1, partition=3, event=order(99))]),
    )

    assert await tables_with(migrated_database.admin_url, SECRET) == []
