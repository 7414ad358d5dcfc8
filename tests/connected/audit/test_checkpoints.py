# SPDX-License-Identifier: Apache-2.0
import asyncio

import pytest

from deploy.embedded.sql import SqlConnection
from services.audit.transparency import Checkpoint, VerificationError
from tests.support.audit_logs import ORIGIN, SIGNER
from tests.support.audit_service import AuditUnderTest, records
from tests.support.eventually import eventually

pytestmark = pytest.mark.connected


async def newest(audit: AuditUnderTest) -> Checkpoint:
    [state] = await audit.logs.logs()
    note = await audit.logs.checkpoint(state.head.log_id)
    assert note is not None
    return Checkpoint.open(note, SIGNER.verifier)


async def until_signed(audit: AuditUnderTest, size: int) -> None:
    async def is_signed() -> bool:
        [state] = await audit.logs.logs()
        return state.signed_size == size

    await eventually(is_signed)


async def test_a_checkpoint_stands_for_the_log_as_it_is(audit: AuditUnderTest) -> None:
    await audit.log(records(0, 300))

    await audit.sign()

    [state] = await audit.logs.logs()
    root = state.head.frontier.root()
    assert await newest(audit) == Checkpoint(origin=ORIGIN, size=300, root=root)
    assert (state.signed_size, await audit.signer.unsigned()) == (300, set())


async def test_later_checkpoints_extend_earlier_ones(audit: AuditUnderTest) -> None:
    for start in range(0, 900, 300):
        await audit.log(records(start, start + 300))
        await audit.sign()

    assert (await newest(audit)).size == 900


async def test_several_processes_can_sign_one_log_at_once(audit: AuditUnderTest) -> None:
    await audit.log(records(0, 3))
    [log_id] = await audit.signer.unsigned()

    await asyncio.gather(*(audit.signer.sign(log_id) for _ in range(5)))

    assert (await newest(audit)).size == 3


@pytest.mark.parametrize(
    "forgery",
    [
        pytest.param(
            "UPDATE audit.entries SET leaf_hash = sha256('a lie') WHERE position = 299",
            id="a changed entry",
        ),
        pytest.param(
            "UPDATE audit.nodes SET hash = sha256('a lie') WHERE number = 0", id="a changed node"
        ),
        pytest.param("DELETE FROM audit.nodes WHERE number = 0", id="a lost node"),
        pytest.param("DELETE FROM audit.entries WHERE position = 299", id="a lost entry"),
        pytest.param(
            "UPDATE audit.heads SET size = 256, peaks ="
            " (SELECT hash FROM audit.nodes WHERE number = 0)",
            id="a log cut off",
        ),
    ],
)
async def test_a_log_that_contradicts_its_last_checkpoint_is_not_signed(
    audit: AuditUnderTest, intruder: SqlConnection, forgery: str
) -> None:
    await audit.log(records(0, 300))
    await audit.sign()
    signed = await newest(audit)
    if "size = 256" not in forgery:
        await audit.log(records(300, 400))
    [log_id] = audit.grown
    await intruder.execute(forgery)

    with pytest.raises(VerificationError):
        await audit.signer.sign(log_id)

    assert await newest(audit) == signed


async def test_logs_are_signed_soon_after_they_have_grown(audit: AuditUnderTest) -> None:
    await audit.schedule.start()
    for size in (5, 10):
        await audit.log(records(size - 5, size))

        audit.schedule.grown(audit.grown)

        await until_signed(audit, size)
    assert (await audit.schedule.readiness()).ready
    await audit.schedule.stop()


async def test_what_grew_before_a_crash_is_signed_at_the_start(audit: AuditUnderTest) -> None:
    await audit.log(records(0, 5))

    await audit.schedule.start()

    await until_signed(audit, 5)
    await audit.schedule.stop()


async def test_the_stop_signs_what_grew_last(audit: AuditUnderTest) -> None:
    await audit.schedule.start()
    await audit.log(records(0, 5))
    audit.schedule.grown(audit.grown)

    await audit.schedule.stop()

    assert (await newest(audit)).size == 5
    assert not (await audit.schedule.readiness()).ready


async def test_a_log_that_cannot_be_signed_makes_the_service_not_ready_and_spares_the_others(
    audit: AuditUnderTest, intruder: SqlConnection
) -> None:
    await audit.log(records(0, 5))
    await audit.sign()
    await intruder.execute("UPDATE audit.heads SET peaks = sha256('a lie') || sha256('another')")
    audit.cluster_id = "another"
    await audit.log(records(0, 5))

    await audit.schedule.start()
    audit.schedule.grown(audit.grown)
    await audit.schedule.stop()

    readiness = await audit.schedule.readiness()
    assert not readiness.ready
    assert "log 1 is not signed: the log of 5 entries does not extend that of 5" in readiness.reason
    assert [state.signed_size for state in await audit.logs.logs()] == [5, 5]
