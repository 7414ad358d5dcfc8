# SPDX-License-Identifier: Apache-2.0
"""What somebody with all rights on the database cannot hide."""

import asyncio

import pytest

from deploy.embedded.sql import SqlConnection
from services.audit.trail.verification import Verdict
from shared.errors import ConflictError
from tests.support.audit_logs import ORIGIN
from tests.support.audit_service import AuditUnderTest, records

pytestmark = pytest.mark.connected


@pytest.fixture
async def tampered_with(audit: AuditUnderTest) -> AuditUnderTest:
    """A log of 1300 entries, signed at 500 and at 1200."""
    for start, stop in ((0, 500), (500, 1200)):
        await audit.log(records(start, stop))
        await audit.sign()
    await audit.log(records(1200, 1300))
    return audit


async def verdict(audit: AuditUnderTest) -> Verdict:
    [only] = await audit.verifier.verify()
    return only


async def test_a_sound_log_is_proven_as_far_as_it_is_signed(tampered_with: AuditUnderTest) -> None:
    assert await verdict(tampered_with) == Verdict(origin=ORIGIN, sound=1300, proven=1200, erased=0)


async def test_erased_contents_leave_the_log_sound(
    tampered_with: AuditUnderTest, intruder: SqlConnection
) -> None:
    await intruder.execute("DELETE FROM audit.contents WHERE position IN (7, 8)")

    found = await verdict(tampered_with)

    assert (found.tampering, found.erased) == (None, 2)


@pytest.mark.parametrize(
    ("forgery", "first", "end"),
    [
        pytest.param(
            "UPDATE audit.entries SET timestamp = timestamp + 1 WHERE position = 1100",
            1100,
            1101,
            id="a changed entry",
        ),
        pytest.param(
            "UPDATE audit.entries SET correlation_id = 'x' WHERE position = 1250",
            1250,
            1251,
            id="a changed entry that is not signed yet",
        ),
        pytest.param(
            "UPDATE audit.entries SET leaf_hash ="
            " set_bit(leaf_hash, 17, 1 - get_bit(leaf_hash, 17)) WHERE position = 700",
            700,
            701,
            id="a flipped bit of a hash",
        ),
        pytest.param(
            "UPDATE audit.contents SET value = 'a lie' WHERE position = 700",
            700,
            701,
            id="changed contents",
        ),
        pytest.param(
            "UPDATE audit.contents SET headers = 'a lie' WHERE position = 700",
            700,
            701,
            id="changed headers",
        ),
        pytest.param(
            "DELETE FROM audit.entries WHERE position = 700", 700, 701, id="a deleted entry"
        ),
        pytest.param(
            "DELETE FROM audit.entries WHERE position >= 1290", 1290, 1300, id="a deleted end"
        ),
        pytest.param(
            "UPDATE audit.entries SET position = CASE position WHEN 700 THEN 5000 ELSE 700 END"
            " WHERE position IN (700, 701);"
            "UPDATE audit.entries SET position = 701 WHERE position = 5000",
            700,
            701,
            id="two entries in each other's place",
        ),
        pytest.param(
            "UPDATE audit.nodes SET hash = sha256('a lie') WHERE number = 2",
            512,
            768,
            id="a changed node",
        ),
        pytest.param(
            "UPDATE audit.checkpoints SET note = replace(note, '500', '501') WHERE size = 500",
            0,
            500,
            id="a changed checkpoint",
        ),
    ],
)
async def test_tampering_is_found_and_its_place_named(
    tampered_with: AuditUnderTest,
    intruder: SqlConnection,
    forgery: str,
    first: int,
    end: int,
) -> None:
    await intruder.execute(forgery)

    tampering = (await verdict(tampered_with)).tampering

    assert tampering is not None
    assert (tampering.first, tampering.end) == (first, end)


async def test_a_log_cut_back_with_its_head_is_found_by_its_checkpoint(
    tampered_with: AuditUnderTest, intruder: SqlConnection
) -> None:
    await intruder.execute("DELETE FROM audit.entries WHERE position >= 1024")
    await intruder.execute("UPDATE audit.heads SET size = 1024, peaks = sha256('anything at all')")

    tampering = (await verdict(tampered_with)).tampering

    assert tampering is not None
    assert (tampering.first, tampering.end) == (1024, 1200)


async def test_one_verification_at_a_time_reads_everything(tampered_with: AuditUnderTest) -> None:
    first = asyncio.create_task(tampered_with.verifier.verify())
    await asyncio.sleep(0)

    with pytest.raises(ConflictError, match="running already"):
        await tampered_with.verifier.verify()
    assert len(await first) == 1
