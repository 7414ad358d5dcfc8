# SPDX-License-Identifier: Apache-2.0
import pytest

from services.audit.trail.verification import TamperingError, Verification
from services.audit.transparency import Checkpoint, Frontier, Node, VerificationError
from tests.support.audit_logs import ORIGIN, log

LOG = log(520)
FRONTIER, NODES = Frontier().extend(each.leaf_hash for each in LOG)


def walk(size: int = len(LOG)) -> Verification:
    verification = Verification(ORIGIN)
    for each in LOG[:size]:
        verification.add(each, nodes=NODES)
    return verification


def test_stored_nodes_that_fit_are_no_problem() -> None:
    assert walk().verdict().sound == 520


def test_a_stored_node_that_does_not_fit_is_found_when_it_is_complete() -> None:
    verification = walk(511)

    with pytest.raises(TamperingError, match="entries 256 to 511") as found:
        verification.add(LOG[511], nodes={**NODES, Node(8, 1): bytes(32)})

    assert (found.value.first, found.value.end) == (256, 512)


def test_a_log_may_be_longer_than_its_checkpoint_and_not_shorter() -> None:
    verification = walk(500)
    verification.end(size=500)

    with pytest.raises(TamperingError, match="entries 500 to 519 are missing"):
        verification.end(size=520)


def test_a_checkpoint_of_what_was_walked_is_compared_at_once() -> None:
    verification = walk(520)
    verification.expect(Checkpoint(origin=ORIGIN, size=520, root=FRONTIER.root()))
    assert verification.verdict().proven == 520

    with pytest.raises(TamperingError, match="forked"):
        verification.expect(Checkpoint(origin=ORIGIN, size=520, root=bytes(32)))


def test_a_checkpoint_of_the_empty_log_has_one_root() -> None:
    with pytest.raises(TamperingError, match="the first 0 entries"):
        Verification(ORIGIN).expect(Checkpoint(origin=ORIGIN, size=0, root=bytes(32)))


@pytest.mark.parametrize(
    "checkpoint",
    [
        Checkpoint(origin=ORIGIN, size=4, root=FRONTIER.root()),
        Checkpoint(origin="another", size=5, root=FRONTIER.root()),
    ],
    ids=["too late", "of another log"],
)
def test_a_checkpoint_that_cannot_be_compared_is_refused(checkpoint: Checkpoint) -> None:
    verification = walk(5)

    with pytest.raises(VerificationError):
        verification.expect(checkpoint)
