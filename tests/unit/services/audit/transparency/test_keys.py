# SPDX-License-Identifier: Apache-2.0
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services.audit.transparency.errors import VerificationError
from services.audit.transparency.keys import Signer, VerifierKey
from services.audit.transparency.note import Note, Signature

# The example that c2sp.org/signed-note gives.
VKEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
SIGNATURE = (
    "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM="
)
NOTE = f"This is an example message.\n\n— example.com/foo {SIGNATURE}\n"

OURS = Signer("audit.example/log", Ed25519PrivateKey.from_private_bytes(b"\x01" * 32))
OTHER = Signer("audit.example/log", Ed25519PrivateKey.from_private_bytes(b"\x02" * 32))


def test_the_published_key_verifies_the_published_note() -> None:
    VerifierKey.parse(VKEY).verify(Note.parse(NOTE))


def test_the_published_key_does_not_verify_a_changed_note() -> None:
    with pytest.raises(VerificationError, match="is not valid"):
        VerifierKey.parse(VKEY).verify(Note.parse(NOTE.replace("an example", "another")))


def test_a_verifier_key_reads_back_as_it_was_written() -> None:
    assert str(VerifierKey.parse(VKEY)) == VKEY
    assert VerifierKey.parse(str(OURS.verifier)) == OURS.verifier


def test_what_a_signer_signs_its_verifier_verifies() -> None:
    note = OURS.sign("text\n")

    OURS.verifier.verify(Note.parse(str(note)))


def test_a_signature_of_another_key_of_the_same_name_does_not_count() -> None:
    with pytest.raises(VerificationError, match="no signature of"):
        OURS.verifier.verify(OTHER.sign("text\n"))


def test_signatures_of_unknown_keys_are_ignored_beside_a_known_one() -> None:
    ours, others = OURS.sign("text\n").signatures, OTHER.sign("text\n").signatures

    OURS.verifier.verify(Note("text\n", others + ours))


def test_a_wrong_signature_in_the_name_of_a_known_key_spoils_the_note() -> None:
    good = OURS.sign("text\n").signatures
    bad = (Signature(OURS.name, OURS.verifier.key_id, b"\0" * 64),)

    with pytest.raises(VerificationError, match="is not valid"):
        OURS.verifier.verify(Note("text\n", good + bad))


@pytest.mark.parametrize("length", [1, 63, 65])
def test_a_signature_of_the_wrong_length_is_not_valid(length: int) -> None:
    signature = Signature(OURS.name, OURS.verifier.key_id, b"\0" * length)

    with pytest.raises(VerificationError, match="is not valid"):
        OURS.verifier.verify(Note("text\n", (signature,)))


@pytest.mark.parametrize(
    "vkey",
    [
        pytest.param("", id="empty"),
        pytest.param("example.com/foo", id="only a name"),
        pytest.param(VKEY.replace("+530d903a", ""), id="no key id"),
        pytest.param(VKEY.replace("530d903a", "530d903b"), id="another key id"),
        pytest.param(VKEY.replace("530d903a", "530D903A"), id="a key id in capitals"),
        pytest.param(VKEY.replace("/foo", "/bar"), id="another name"),
        pytest.param(VKEY.replace("/foo", "/f oo"), id="a space in the name"),
        pytest.param(VKEY.replace("+Aek", "+Bek"), id="another algorithm"),
        pytest.param(VKEY[:-4], id="a shorter key"),
    ],
)
def test_what_is_not_a_verifier_key_is_refused(vkey: str) -> None:
    with pytest.raises(VerificationError):
        VerifierKey.parse(vkey)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\N{EM SPACE}b"])
def test_nothing_is_signed_under_a_name_that_a_note_cannot_carry(name: str) -> None:
    with pytest.raises(VerificationError, match="cannot be the name of a key"):
        Signer(name, OURS.private_key).sign("text\n")
