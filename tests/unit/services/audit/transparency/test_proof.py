# SPDX-License-Identifier: Apache-2.0
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services.audit.transparency.checkpoint import Checkpoint
from services.audit.transparency.errors import VerificationError
from services.audit.transparency.keys import Signer
from services.audit.transparency.merkle import Frontier, hash_leaf
from services.audit.transparency.proof import Proof
from tests.support.naive_merkle import inclusion_proof

SIGNER = Signer("audit.example/log", Ed25519PrivateKey.from_private_bytes(b"\x01" * 32))
STRANGER = Signer("audit.example/log", Ed25519PrivateKey.from_private_bytes(b"\x02" * 32))
ENTRIES = [b"entry %d" % index for index in range(7)]


def checkpoint(size: int, signer: Signer = SIGNER) -> str:
    frontier, _ = Frontier().extend(map(hash_leaf, ENTRIES[:size]))
    return Checkpoint(origin=signer.name, size=size, root=frontier.root()).sign(signer)


def proof(index: int, size: int = 7) -> Proof:
    path = inclusion_proof(index, ENTRIES[:size])
    return Proof(leaf=ENTRIES[index], index=index, path=tuple(path), checkpoint=checkpoint(size))


GOOD = str(proof(5))


def test_a_proof_has_the_published_format() -> None:
    lines = GOOD.split("\n")

    assert lines[0] == "c2sp.org/tlog-proof@v1"
    assert lines[1] == "extra ZW50cnkgNQ=="
    assert lines[2] == "index 5"
    assert [len(line) for line in lines[3:7]] == [44, 44, 44, 0]
    assert lines[7:9] == ["audit.example/log", "7"]
    assert GOOD.endswith(checkpoint(7))


@pytest.mark.parametrize(("index", "size"), [(0, 1), (0, 7), (6, 7), (3, 4)])
def test_a_proof_reads_back_as_it_was_written_and_holds(index: int, size: int) -> None:
    taken_away = Proof.parse(str(proof(index, size)))

    assert taken_away == proof(index, size)
    assert taken_away.verify(SIGNER.verifier).size == size


def test_a_proof_of_another_entry_does_not_hold() -> None:
    forged = Proof(leaf=b"entry 9", index=5, path=proof(5).path, checkpoint=checkpoint(7))

    with pytest.raises(VerificationError, match="entry 5 is not in the log of 7 entries"):
        forged.verify(SIGNER.verifier)


def test_a_proof_against_a_checkpoint_that_a_stranger_signed_does_not_hold() -> None:
    forged = Proof(leaf=ENTRIES[5], index=5, path=proof(5).path, checkpoint=checkpoint(7, STRANGER))

    with pytest.raises(VerificationError, match="no signature of"):
        forged.verify(SIGNER.verifier)


def test_a_proof_against_an_older_checkpoint_does_not_hold() -> None:
    forged = Proof(leaf=ENTRIES[5], index=5, path=proof(5).path, checkpoint=checkpoint(5))

    with pytest.raises(VerificationError, match="a log of 5 entries has no entry 5"):
        forged.verify(SIGNER.verifier)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param(GOOD.replace("@v1", "@v2"), id="another version"),
        pytest.param(GOOD.replace("extra ZW50cnkgNQ==\n", ""), id="no entry"),
        pytest.param(GOOD.replace("extra ", "entry "), id="another name for the entry"),
        pytest.param(GOOD.replace("index 5", "index 05"), id="a leading zero"),
        pytest.param(GOOD.replace("index 5\n", ""), id="no index"),
        pytest.param(GOOD.replace("index 5", "index 5\nAAAA"), id="a short hash"),
        pytest.param(GOOD.replace("index 5", "index 5" + "\nAAAA" * 64), id="too many hashes"),
        pytest.param(GOOD.partition("\n\n")[0], id="no checkpoint"),
        pytest.param(GOOD.replace("\n", "\r\n"), id="carriage returns"),
    ],
)
def test_what_is_not_a_proof_is_refused(text: str) -> None:
    with pytest.raises(VerificationError):
        Proof.parse(text)
