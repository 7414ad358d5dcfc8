# SPDX-License-Identifier: Apache-2.0
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services.audit.transparency.checkpoint import Checkpoint
from services.audit.transparency.errors import VerificationError
from services.audit.transparency.keys import Signer

# The example that c2sp.org/tlog-checkpoint gives.
TEXT = """example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=
"""
SIZE = "20852163"

SIGNER = Signer("example.com/behind-the-sofa", Ed25519PrivateKey.from_private_bytes(b"\x01" * 32))


def test_a_checkpoint_reads_back_as_it_was_written() -> None:
    checkpoint = Checkpoint.parse(TEXT)

    assert checkpoint.origin == "example.com/behind-the-sofa"
    assert checkpoint.size == 20_852_163
    assert checkpoint.root.hex().startswith("0ac5186a91863e8e")
    assert checkpoint.text() == TEXT


def test_a_signed_checkpoint_opens_with_the_key_of_its_log() -> None:
    checkpoint = Checkpoint.parse(TEXT)

    assert Checkpoint.open(checkpoint.sign(SIGNER), SIGNER.verifier) == checkpoint


def test_signing_the_same_checkpoint_twice_gives_the_same_note() -> None:
    checkpoint = Checkpoint.parse(TEXT)

    assert checkpoint.sign(SIGNER) == checkpoint.sign(SIGNER)


def test_a_checkpoint_that_was_changed_after_signing_does_not_open() -> None:
    note = Checkpoint.parse(TEXT).sign(SIGNER).replace("20852163", "20852164")

    with pytest.raises(VerificationError, match="is not valid"):
        Checkpoint.open(note, SIGNER.verifier)


def test_a_checkpoint_of_another_log_does_not_open() -> None:
    other = Checkpoint(origin="example.com/other", size=1, root=bytes(32))

    with pytest.raises(VerificationError, match=r"of 'example\.com/other', not of"):
        Checkpoint.open(other.sign(SIGNER), SIGNER.verifier)


def test_extension_lines_are_ignored() -> None:
    assert Checkpoint.parse(f"{TEXT}an extension\n") == Checkpoint.parse(TEXT)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("origin\n1\n", id="no root"),
        pytest.param("\n" + TEXT, id="an empty origin"),
        pytest.param(TEXT + "\nextension\n", id="an empty line"),
        pytest.param(TEXT.replace(SIZE, "020852163"), id="a leading zero"),
        pytest.param(TEXT.replace(SIZE, "-1"), id="a negative size"),
        pytest.param(TEXT.replace(SIZE, "+1"), id="a plus sign"),
        pytest.param(TEXT.replace(SIZE, "1_0"), id="an underscore"),
        pytest.param(TEXT.replace(SIZE, "٣"), id="a digit of another script"),
        pytest.param(TEXT.replace(SIZE, "9223372036854775808"), id="more than 63 bits"),
        pytest.param(TEXT.replace(SIZE, "9" * 5000), id="a very long number"),
        pytest.param(TEXT.replace("q2I=", "q2J="), id="sloppy base64"),
        pytest.param(TEXT.replace("CsUY", ""), id="a short root"),
    ],
)
def test_what_is_not_a_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(VerificationError):
        Checkpoint.parse(text)


def test_a_log_may_be_empty() -> None:
    assert Checkpoint.parse(TEXT.replace(SIZE, "0")).size == 0
