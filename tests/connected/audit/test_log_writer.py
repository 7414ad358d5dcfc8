# SPDX-License-Identifier: Apache-2.0
import asyncio
from dataclasses import replace

import pytest

from deploy.embedded.sql import SqlConnection
from services.audit.store.entry_queries import EntryFilter, FoundEntry
from services.audit.trail.appending import Place
from services.audit.trail.entry import UNFIT
from services.audit.transparency import Frontier, hash_leaf
from shared.errors import DecodingProblem
from shared.messaging import Record
from tests.support.audit_service import AuditUnderTest, message, poison, record, records

pytestmark = pytest.mark.connected


async def logged(audit: AuditUnderTest) -> list[FoundEntry]:
    return await audit.entries.entries(EntryFilter(), after=None, limit=10_000)


async def test_every_record_becomes_the_next_leaf_of_the_log_of_its_partition(
    audit: AuditUnderTest,
) -> None:
    await audit.log([record(0), record(7, partition=3), record(1)])
    await audit.log([record(2)])

    entries = await logged(audit)
    assert [(each.entry.origin, each.place.position, each.entry.offset) for each in entries] == [
        ("agent-runtime/a-cluster/agent-runtime.domain/0", 0, 0),
        ("agent-runtime/a-cluster/agent-runtime.domain/0", 1, 1),
        ("agent-runtime/a-cluster/agent-runtime.domain/0", 2, 2),
        ("agent-runtime/a-cluster/agent-runtime.domain/3", 0, 7),
    ]


async def test_the_head_is_the_tree_over_all_entries(audit: AuditUnderTest) -> None:
    await audit.log(records(0, 300))
    await audit.log(records(300, 555))

    entries = await logged(audit)
    frontier, _ = Frontier().extend(hash_leaf(each.entry.leaf()) for each in entries)
    [state] = await audit.logs.logs()
    assert state.head.frontier == frontier
    assert (state.head.first_offset, state.head.last_offset, state.head.missing) == (0, 554, 0)


async def test_a_batch_that_comes_again_is_not_logged_again(audit: AuditUnderTest) -> None:
    """Safeguard: the marks that are looked up, and that what they drop is counted."""
    dropped = [await audit.log(batch) for batch in (records(0, 5), records(0, 5), records(3, 8))]

    assert dropped == [0, 5, 2]
    assert [each.entry.offset for each in await logged(audit)] == list(range(8))
    assert (await audit.logs.logs())[0].head.rewritten == 0


async def test_a_record_that_comes_twice_in_a_batch_is_logged_once(audit: AuditUnderTest) -> None:
    await audit.log([record(0), record(0), record(1)])

    assert [each.entry.offset for each in await logged(audit)] == [0, 1]


async def test_an_offset_that_was_skipped_can_still_be_logged(audit: AuditUnderTest) -> None:
    await audit.log([record(0), record(2)])
    assert (await audit.logs.logs())[0].head.missing == 1

    await audit.log([record(1)])

    assert [each.entry.offset for each in await logged(audit)] == [0, 2, 1]
    assert (await audit.logs.logs())[0].head.missing == 0


async def test_another_record_at_a_known_offset_is_logged_and_counted_as_rewritten(
    audit: AuditUnderTest,
) -> None:
    await audit.log(records(0, 3))

    await audit.log([record(1, event=message(9))])

    assert [each.entry.offset for each in await logged(audit)] == [0, 1, 2, 1]
    [state] = await audit.logs.logs()
    assert (state.head.rewritten, state.head.missing) == (1, 0)


async def test_an_event_at_another_offset_is_a_duplicate_of_where_it_was_first(
    audit: AuditUnderTest,
) -> None:
    event = message(0)
    await audit.log([record(0, event=event)])

    await audit.log([record(1, event=event), record(0, event=event, partition=1)])

    first, *others = await logged(audit)
    assert first.duplicate_of is None
    assert [each.duplicate_of for each in others] == [first.place] * 2


async def test_an_event_twice_in_one_batch_is_a_duplicate_of_the_first(
    audit: AuditUnderTest,
) -> None:
    event = message(0)

    await audit.log([record(0, event=event), record(1), record(2, event=event)])

    entries = await logged(audit)
    assert [each.duplicate_of for each in entries] == [
        None,
        None,
        Place(entries[0].place.log_id, 0),
    ]


@pytest.mark.parametrize(
    ("bad", "problem"),
    [
        (poison(0, None), DecodingProblem.TOMBSTONE),
        (poison(0, b""), DecodingProblem.EMPTY),
        (poison(0, b"\xff\xfe"), DecodingProblem.JSON),
        (poison(0, b"{}", ce_id=None), DecodingProblem.HEADERS),
        (poison(0, b"{}", ce_id=b"\xff"), DecodingProblem.HEADERS),
        (poison(0, b"{" + b" " * 2_000_000), DecodingProblem.OVERSIZE),
        (record(0, event=message(0).model_copy(update={"aggregate_id": "a\0b"})), UNFIT),
    ],
    ids=["tombstone", "empty", "no-json", "null-header", "bytes-header", "2-mb", "nul"],
)
async def test_what_holds_no_event_is_logged_with_its_reason(
    audit: AuditUnderTest, bad: Record, problem: str
) -> None:
    await audit.log([bad, record(1)])

    opaque, sound = await logged(audit)
    assert (opaque.entry.problem, opaque.entry.event) == (problem, None)
    assert sound.entry.event is not None


async def test_the_contents_are_kept_byte_for_byte(
    audit: AuditUnderTest, intruder: SqlConnection
) -> None:
    await audit.log(
        [replace(poison(0, b"\x00\xff"), key=b"\xfe", headers=(("a", None), ("a", b"\xff")))]
    )

    [row] = await intruder.fetch("SELECT * FROM audit.contents")
    assert (row["key"], row["value"], len(row["salt"])) == (b"\xfe", b"\x00\xff", 32)


async def test_equal_payloads_have_different_commitments(audit: AuditUnderTest) -> None:
    await audit.log([poison(0, b"yes"), poison(1, b"yes")])

    one, other = await logged(audit)
    assert one.entry.payload_digest != other.entry.payload_digest


async def test_a_failing_write_leaves_nothing_behind(
    audit: AuditUnderTest, intruder: SqlConnection
) -> None:
    await audit.log(records(0, 2))
    await intruder.execute("ALTER TABLE audit.counts ADD CHECK (records < 4)")

    with pytest.raises(Exception, match="counts_records_check"):
        await audit.log(records(2, 300))

    assert [each.entry.offset for each in await logged(audit)] == [0, 1]
    assert await intruder.fetchval("SELECT count(*) FROM audit.contents") == 2
    assert await intruder.fetchval("SELECT count(*) FROM audit.nodes") == 0
    await audit.log([record(2)])
    assert len(await logged(audit)) == 3


async def test_batches_written_at_once_are_all_logged_exactly_once(audit: AuditUnderTest) -> None:
    batches = [
        [record(offset, partition=offset % 2) for offset in range(start, start + 100)]
        for start in range(0, 500, 50)
    ]

    await asyncio.gather(*(audit.log(batch) for batch in batches))

    entries = await logged(audit)
    assert sorted(each.entry.offset for each in entries) == list(range(550))
    assert all(verdict.tampering is None for verdict in await audit.verifier.verify())


async def test_a_broker_that_is_started_anew_gets_logs_of_its_own(audit: AuditUnderTest) -> None:
    await audit.log(records(0, 3))
    audit.cluster_id = "another"

    await audit.log([record(0, event=message(7))])

    assert [(each.origin, each.head.frontier.size) for each in await audit.logs.logs()] == [
        ("agent-runtime/a-cluster/agent-runtime.domain/0", 3),
        ("agent-runtime/another/agent-runtime.domain/0", 1),
    ]


async def test_counts_are_of_records_events_duplicates_and_opaque(audit: AuditUnderTest) -> None:
    event = message(0)
    await audit.log([record(0, event=event), record(1, event=event), poison(2, None)])
    await audit.log([record(3), record(0, event=event, partition=1)])

    counts = [
        (each.origin[-1], each.event_type.rpartition(".")[0], each.records, each.duplicates)
        for each in await audit.summaries.counts()
    ]
    assert counts == [
        ("0", "", 1, 0),
        ("0", "agentruntime.domain.message_received", 3, 1),
        ("1", "agentruntime.domain.message_received", 1, 1),
    ]
