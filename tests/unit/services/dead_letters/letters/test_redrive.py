# SPDX-License-Identifier: Apache-2.0
from services.dead_letters.letters.redrive import Redrive, redriven_record
from shared.errors import PermanentError
from shared.ids import new_id
from shared.messaging import Record, headers as names
from tests.support.dead_letter_records import failed, raised, read_back, source_record

ODD_HEADERS = (("a", None), ("b", b"\xff"), ("a", b"1"), ("", b""))


def send_back(record: Record, *, count: int) -> Record:
    redrive = Redrive(redrive_id=new_id(), letter_id=new_id(), count=count, operator="ada")
    outgoing = redriven_record(
        redrive,
        topic="agent-runtime.metrics.retry",
        key=record.key,
        value=record.value,
        headers=record.headers,
    )
    return read_back(outgoing)


def test_a_record_goes_back_as_it_was_with_its_origin_and_the_redrive() -> None:
    record = source_record(key=None, value=b"\xff\0", headers=ODD_HEADERS)

    sent = send_back(read_back(failed(record)), count=2)

    assert sent.topic == "agent-runtime.metrics.retry"
    assert (sent.key, sent.value) == (None, b"\xff\0")
    assert sent.headers[: len(ODD_HEADERS)] == ODD_HEADERS
    added = dict(sent.headers[len(ODD_HEADERS) :])
    assert set(added) == names.ORIGIN_HEADERS | names.REDRIVE_HEADERS
    assert (added[names.REDRIVE_COUNT], added[names.REDRIVE_BY]) == (b"2", b"ada")
    assert added[names.ORIGIN_OFFSET] == b"17"


def test_headers_do_not_grow_over_a_hundred_redrives() -> None:
    """Fails if the error and redrive headers were added to those that are there."""
    record = source_record()
    sizes = set[int]()
    for count in range(100, 200):
        letter = read_back(failed(record, raised(PermanentError("again"))))
        record = send_back(letter, count=count)
        sizes.add(sum(len(name) + len(value or b"") for name, value in letter.headers))

    assert len(sizes) == 2, "the first time without the redrive, and ever after with it"
