# SPDX-License-Identifier: Apache-2.0
"""What an exported log cannot hide: every kind of tampering is found, and its place named."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services.audit.trail.export import verify_export, write_checkpoint, write_entry
from services.audit.trail.verification import LoggedEntry, Verdict
from services.audit.transparency import Signer, VerificationError, hash_leaf
from tests.support.audit_logs import ORIGIN, SIGNER, checkpoint, log, logged

LOG = log(20)
STRANGER = Signer(ORIGIN, Ed25519PrivateKey.from_private_bytes(b"\x02" * 32))
OTHER_LOG = Signer("agent-runtime/a-cluster/other/0", SIGNER.private_key)


def lines(entries: Sequence[LoggedEntry]) -> list[bytes]:
    return [write_entry(each) for each in entries]


def judge(
    exported: Sequence[bytes], *, shown: str = checkpoint(LOG), kept: Sequence[str] = ()
) -> Verdict:
    return verify_export(exported, SIGNER.verifier, checkpoint=shown, kept=kept)


def bad_entries(verdict: Verdict) -> tuple[int, int]:
    assert verdict.tampering
    return verdict.tampering.first, verdict.tampering.end


def test_a_sound_log_is_proven_as_far_as_its_checkpoint() -> None:
    verdict = judge(lines([*LOG, logged(20)]), kept=[checkpoint(LOG[:7])])

    assert verdict == Verdict(origin=ORIGIN, sound=21, proven=20, erased=0)


def test_an_empty_log_is_sound() -> None:
    assert judge([], shown=checkpoint([])).tampering is None


def test_erased_contents_are_counted_and_leave_the_log_sound() -> None:
    verdict = judge(lines([*LOG[:3], replace(LOG[3], contents=None), *LOG[4:]]))

    assert (verdict.tampering, verdict.proven, verdict.erased) == (None, 20, 1)


def test_any_flipped_bit_of_a_line_is_found_at_its_index() -> None:
    """P15: Safeguard: the hash of every entry is made again."""
    first, line, last = lines(LOG[:3])
    shown = checkpoint(LOG[:3])
    for place in range(len(line) - 1):
        for bit in range(8):
            flipped = line[:place] + bytes([line[place] ^ 1 << bit]) + line[place + 1 :]

            verdict = judge([first, flipped, last], shown=shown)

            assert bad_entries(verdict) == (1, 2), flipped


def test_a_changed_entry_is_found_at_its_index() -> None:
    forged = replace(LOG[7], entry=replace(LOG[7].entry, timestamp=0))

    verdict = judge(lines([*LOG[:7], forged, *LOG[8:]]))

    assert bad_entries(verdict) == (7, 8)
    assert "entry 7 does not have the hash" in str(verdict.tampering)


def test_changed_contents_are_found_at_their_index() -> None:
    forged = replace(LOG[7], contents=logged(7, says="something else").contents)

    verdict = judge(lines([*LOG[:7], forged, *LOG[8:]]))

    assert bad_entries(verdict) == (7, 8)
    assert "the contents of entry 7" in str(verdict.tampering)


def test_a_deleted_entry_is_found_at_its_index() -> None:
    verdict = judge(lines([*LOG[:7], *LOG[8:]]))

    assert bad_entries(verdict) == (7, 8)
    assert "entry 7 is missing: entry 8 is in its place" in str(verdict.tampering)


def test_a_deleted_end_is_found_at_its_first_index() -> None:
    """P15: Safeguard: the log is as long as its checkpoints say, at least."""
    verdict = judge(lines(LOG[:19]))

    assert bad_entries(verdict) == (19, 20)
    assert (verdict.sound, verdict.proven) == (19, 0)


def test_entries_that_changed_places_are_found_at_the_first_of_them() -> None:
    """P15: Safeguard: the index of every entry."""
    verdict = judge(lines([*LOG[:7], LOG[9], LOG[8], LOG[7], *LOG[10:]]))

    assert bad_entries(verdict) == (7, 8)


def test_an_entry_of_another_log_is_found_at_its_index() -> None:
    entry = replace(LOG[7].entry, origin=OTHER_LOG.name)
    foreign = replace(LOG[7], entry=entry, leaf_hash=hash_leaf(entry.leaf()))

    verdict = judge(lines([*LOG[:7], foreign, *LOG[8:]]))

    assert bad_entries(verdict) == (7, 8)
    assert "entry 7 is of another log" in str(verdict.tampering)


@pytest.mark.parametrize(
    "forged",
    [
        pytest.param([*LOG[:7], logged(7, says="a lie"), *LOG[8:]], id="changed"),
        pytest.param(
            [*LOG[:7], *(logged(number, index=number - 1) for number in range(8, 21))],
            id="deleted and numbered anew",
        ),
        pytest.param(
            [*LOG[:7], logged(8, index=7), logged(7, index=8), *LOG[9:]],
            id="reordered and numbered anew",
        ),
    ],
)
def test_a_forgery_with_fitting_hashes_is_found_between_two_checkpoints(
    forged: Sequence[LoggedEntry],
) -> None:
    exported = lines(forged)
    with_checkpoints = [
        *exported[:5],
        write_checkpoint(checkpoint(LOG[:5])),
        *exported[5:10],
        write_checkpoint(checkpoint(LOG[:10])),
        *exported[10:],
    ]

    assert bad_entries(judge(exported)) == (0, 20)
    assert bad_entries(judge(with_checkpoints)) == (5, 10)


def test_a_log_cut_back_to_an_old_checkpoint_is_found_by_a_newer_one() -> None:
    cut, old = lines(LOG[:10]), checkpoint(LOG[:10])

    verdict = judge(cut, shown=old, kept=[checkpoint(LOG)])

    assert judge(cut, shown=old).tampering is None
    assert bad_entries(verdict) == (10, 20)
    assert "entries 10 to 19 are missing" in str(verdict.tampering)


def test_an_old_checkpoint_is_found_by_a_newer_one_even_if_the_log_is_sound() -> None:
    """P15: an old checkpoint. Safeguard: the one that is shown has to be the newest seen."""
    verdict = judge(lines(LOG), shown=checkpoint(LOG[:10]), kept=[checkpoint(LOG)])

    assert bad_entries(verdict) == (10, 20)
    assert "an old checkpoint is shown" in str(verdict.tampering)


def test_a_fork_that_was_signed_as_well_is_found_by_an_earlier_checkpoint() -> None:
    """P15: Safeguard: the root is compared with every signed one."""
    fork = [*LOG[:7], *(logged(number, says="a lie") for number in range(7, 25))]

    verdict = judge(
        lines(fork), shown=checkpoint(fork), kept=[checkpoint(LOG[:5]), checkpoint(LOG)]
    )

    assert bad_entries(verdict) == (5, 20)


def test_two_checkpoints_of_one_size_prove_a_fork() -> None:
    fork = [*LOG[:7], *(logged(number, says="a lie") for number in range(7, 20))]

    verdict = judge(lines(fork), shown=checkpoint(fork), kept=[checkpoint(LOG)])

    assert bad_entries(verdict) == (0, 20)
    assert "the log was forked" in str(verdict.tampering)


@pytest.mark.parametrize(
    "note",
    [
        pytest.param(checkpoint(LOG, signer=STRANGER), id="signed by a stranger"),
        pytest.param(checkpoint(LOG, signer=OTHER_LOG), id="of another log"),
        pytest.param(checkpoint(LOG).replace("\n20\n", "\n21\n"), id="changed"),
        pytest.param("", id="empty"),
    ],
)
def test_a_checkpoint_that_the_log_did_not_sign_proves_nothing(note: str) -> None:
    with pytest.raises(VerificationError):
        judge(lines(LOG), shown=note)
    with pytest.raises(VerificationError):
        judge(lines(LOG), kept=[note])


def test_a_checkpoint_in_the_export_that_the_log_did_not_sign_is_found() -> None:
    strange = write_checkpoint(checkpoint(LOG[:5], signer=STRANGER))

    verdict = judge([*lines(LOG[:5]), strange, *lines(LOG[5:])])

    assert bad_entries(verdict) == (5, 6)


def test_a_checkpoint_after_entries_that_it_does_not_stand_for_is_found() -> None:
    late = write_checkpoint(checkpoint(LOG[:5]))

    verdict = judge([*lines(LOG[:6]), late, *lines(LOG[6:])])

    assert "comes too late" in str(verdict.tampering)
