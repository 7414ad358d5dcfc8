# SPDX-License-Identifier: Apache-2.0
import pytest

from services.audit.transparency.errors import VerificationError
from services.audit.transparency.note import Note, Signature, decode

SIGNATURE = (
    "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM="
)
LINE = f"— example.com/foo {SIGNATURE}"
MESSAGE = f"This is an example message.\n\n{LINE}\n"


def test_a_note_is_its_text_and_its_signatures() -> None:
    note = Note.parse(MESSAGE)

    assert note.text == "This is an example message.\n"
    assert [signature.name for signature in note.signatures] == ["example.com/foo"]
    assert note.signatures[0].key_id.hex() == "530d903a"


@pytest.mark.parametrize("text", ["one line\n", "two\nlines\n", "an\n\nempty line\n", "ед è\n"])
def test_a_note_reads_back_as_it_was_written(text: str) -> None:
    note = Note(text, (Signature.parse(LINE), Signature("other", b"\0\1\2\3", b"\xff" * 64)))

    assert Note.parse(str(note)) == note


@pytest.mark.parametrize(
    "note",
    [
        pytest.param("", id="empty"),
        pytest.param("text\n", id="no signatures"),
        pytest.param("text\n\n", id="an empty line and nothing below"),
        pytest.param(MESSAGE[:-1], id="no newline at the end"),
        pytest.param(MESSAGE + "\n", id="an empty line at the end"),
        pytest.param(MESSAGE + "text\n", id="text among the signatures"),
        pytest.param(MESSAGE.replace("\n", "\r\n"), id="carriage returns"),
        pytest.param("a tab\t" + MESSAGE, id="a control character"),
        pytest.param("\ud800" + MESSAGE, id="no UTF-8"),
        pytest.param(MESSAGE.replace("— ", "- "), id="a hyphen for a dash"),
        pytest.param(MESSAGE.replace("— ", "—  "), id="two spaces"),
        pytest.param(MESSAGE.replace("/foo ", "/f+o "), id="a plus sign in a name"),
        pytest.param(MESSAGE.replace("/foo ", "/f\N{NO-BREAK SPACE}o "), id="a space in a name"),
        pytest.param(MESSAGE.replace("/foo ", "/foo"), id="no space before the signature"),
        pytest.param("text\n\n— name AAAAAA==\n", id="a key id and no signature"),
        pytest.param("x" * 200_000 + MESSAGE, id="too long"),
        pytest.param(MESSAGE + f"{LINE}\n" * 64, id="too many signatures"),
    ],
)
def test_what_is_not_a_note_is_refused(note: str) -> None:
    with pytest.raises(VerificationError):
        Note.parse(note)


def test_sixteen_signatures_of_post_quantum_size_are_accepted() -> None:
    signature = Signature("witness.example", b"\0\0\0\0", b"\x55" * 5000)

    note = Note("text\n", (signature,) * 16)

    assert Note.parse(str(note)) == note


@pytest.mark.parametrize("text", ["QQ", "QR==", "QQ==\n", "Q-==", "QQ= =", "é"])
def test_only_the_one_spelling_of_base64_is_read(text: str) -> None:
    assert decode("QQ==", what="a letter") == b"A"

    with pytest.raises(VerificationError, match="a letter is not"):
        decode(text, what="a letter")
