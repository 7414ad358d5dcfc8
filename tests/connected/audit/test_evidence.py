# SPDX-License-Identifier: Apache-2.0
import pytest

from deploy.embedded.sql import SqlConnection
from services.audit.store.entry_queries import EntryFilter
from services.audit.trail.appending import Place
from services.audit.trail.entry import Entry
from services.audit.transparency import Frontier, Proof, VerificationError
from services.audit.transparency.paths import verify_consistency
from tests.support.audit_logs import SIGNER
from tests.support.audit_service import AuditUnderTest, records

pytestmark = pytest.mark.connected


@pytest.mark.parametrize("index", [0, 255, 256, 511, 598, 599])
async def test_every_entry_can_be_proved_to_be_in_the_log(
    audit: AuditUnderTest, index: int
) -> None:
    await audit.log(records(0, 600))
    await audit.sign()
    await audit.log(records(600, 700))
    [log_id] = audit.grown

    proof = await audit.evidence.proof(Place(log_id, index))

    taken_away = Proof.parse(str(proof))
    assert taken_away.verify(SIGNER.verifier).size == 600
    assert Entry.parse(taken_away.leaf).offset == index


async def test_an_entry_is_still_proved_after_its_contents_were_erased(
    audit: AuditUnderTest, intruder: SqlConnection
) -> None:
    await audit.log(records(0, 7))
    await audit.sign()
    [log_id] = audit.grown
    before = str(await audit.evidence.proof(Place(log_id, 3)))

    await intruder.execute("DELETE FROM audit.contents")

    assert str(await audit.evidence.proof(Place(log_id, 3))) == before


@pytest.mark.parametrize("index", [5, 9])
async def test_there_is_no_proof_of_what_is_not_signed_yet_or_not_there(
    audit: AuditUnderTest, index: int
) -> None:
    await audit.log(records(0, 5))
    await audit.sign()
    await audit.log(records(5, 7))
    [log_id] = audit.grown

    assert await audit.evidence.proof(Place(log_id, index)) is None


@pytest.mark.parametrize(("old", "new"), [(0, 600), (1, 600), (256, 512), (300, 599), (600, 600)])
async def test_a_log_is_proved_to_have_only_grown(
    audit: AuditUnderTest, old: int, new: int
) -> None:
    await audit.log(records(0, 600))
    [log_id] = audit.grown
    leaves = [
        each.leaf_hash for each in await audit.entries.entries(EntryFilter(), after=None, limit=600)
    ]
    old_root, new_root = (Frontier().extend(leaves[:size])[0].root() for size in (old, new))

    path = await audit.evidence.consistency(log_id, old=old, new=new)

    verify_consistency(path, old_size=old, old_root=old_root, new_size=new, new_root=new_root)


@pytest.mark.parametrize(("old", "new"), [(3, 2), (3, 8), (7, 8)])
async def test_nothing_is_proved_about_sizes_that_the_log_never_had(
    audit: AuditUnderTest, old: int, new: int
) -> None:
    await audit.log(records(0, 7))
    [log_id] = audit.grown

    with pytest.raises(VerificationError):
        await audit.evidence.consistency(log_id, old=old, new=new)
