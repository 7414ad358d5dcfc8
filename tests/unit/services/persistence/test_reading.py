# SPDX-License-Identifier: Apache-2.0
"""An export as it arrives, in pieces cut anywhere, and everything that can be wrong with it."""

import json
from base64 import b64encode
from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, strategies as st

from services.persistence.exchange import AlteredExportError, Reading, arrival
from services.persistence.exchange.checking import MAX_LINE_BYTES
from tests.support.conversations import conversation
from tests.support.exports import (
    RECORDED_AT,
    Fields,
    changed,
    event_lines,
    export_of,
    manifest_of,
    sealed,
)

EVENTS = conversation()
EXPORT = export_of(EVENTS)


def read(pieces: Iterable[bytes]) -> list[bytes]:
    reading = Reading()
    lines = [line for piece in pieces for line in reading.take(piece)]
    return [*lines, *reading.finish()[0]]


@given(cuts=st.lists(st.integers(0, len(EXPORT)), max_size=40))
def test_however_it_is_cut_the_events_come_out(cuts: list[int]) -> None:
    ends = [0, *sorted(cuts), len(EXPORT)]

    lines = read(EXPORT[start:end] for start, end in pairwise(ends))

    assert [json.loads(line)["sequence"] for line in lines] == [e.sequence for e in EVENTS]


def test_an_event_arrives_with_its_bytes_and_where_it_was() -> None:
    """Holds that coordinates of another cluster are not taken for those of this one."""
    for event, fields in zip(EVENTS, event_lines(EXPORT), strict=True):
        found = arrival("session-1", fields)

        assert found.event == event
        assert found.entry.coordinates is None
        assert found.entry.timestamp is None
        assert found.origin.coordinates == tuple(fields["kafka"])
        assert (found.origin.recorded_at, found.origin.timestamp) == (RECORDED_AT, 7)


def test_the_end_of_the_last_line_may_be_missing() -> None:
    assert len(read([EXPORT.rstrip(b"\n")])) == len(EVENTS)


def test_an_erased_event_keeps_the_digest_of_what_came() -> None:
    fields = event_lines(EXPORT)[0]
    fields |= {"erased_at": "2026-11-24T00:00:00+00:00", "original_digest": "ab" * 32}

    entry = arrival("session-1", fields).entry

    assert entry.digest == bytes.fromhex("ab" * 32)
    assert entry.erased_at is not None


def value(fields: Fields, **changes: Any) -> None:
    fields["value"] = b64encode(json.dumps(changes).encode()).decode()


WRONG: dict[str, tuple[Callable[[Fields], Any], str]] = {
    "a field is missing": (lambda f: f.pop("recorded_at"), "recorded_at"),
    "no Base64": (lambda f: f.update(value="%"), "no Base64"),
    "no event": (lambda f: f.update(value=b64encode(b"[1]").decode()), "cannot be read"),
    "not of its schema": (lambda f: value(f, message_content=7), "cannot be read"),
    "another number": (
        lambda f: f.update(
            headers=[
                [name, b64encode(b"9").decode() if name == "ce_sequence" else said]
                for name, said in f["headers"]
            ]
        ),
        "its sequence is not",
    ),
    "another id": (
        lambda f: f.update(event_id="01a2206e-5bc5-773f-8709-ad465ac9a1e7"),
        "its event_id is not",
    ),
    "another type": (lambda f: f.update(type="agentruntime.domain.x.v1"), "its type is not"),
    "another time": (
        lambda f: f.update(occurred_at="2026-11-22T00:00:00+00:00"),
        "its occurred_at is not",
    ),
    "a place beyond all numbers": (lambda f: f.update(kafka=["t", 2**63, 0]), "kafka"),
}


@pytest.mark.parametrize(("change", "reason"), WRONG.values(), ids=WRONG)
def test_an_event_that_is_not_what_its_line_says_is_refused_at_its_line(
    change: Callable[[Fields], Any], reason: str
) -> None:
    """Safeguard: digests that fit prove nothing of who made them up; each event is read, too."""
    with pytest.raises(AlteredExportError, match=reason) as refused:
        read([changed(EXPORT, 3, change)])

    assert refused.value.line == 4


def test_an_event_of_another_session_is_refused() -> None:
    lines = [*event_lines(EXPORT)[:2], event_lines(export_of(conversation("session-2")))[2]]

    with pytest.raises(AlteredExportError, match="line 4: its event is of 'session-2'"):
        read([sealed(manifest_of(3), lines)])


def test_what_a_service_did_is_no_session() -> None:
    with pytest.raises(AlteredExportError, match="line 1: 'service:audit/1' is no session"):
        read([sealed(manifest_of(1, session_id="service:audit/1"), event_lines(EXPORT)[:1])])


@pytest.mark.parametrize(
    "broken",
    [{"events": 0}, {"session_id": ""}, {"session_id": "a\0"}, {"exported_at": "yesterday"}],
    ids=str,
)
def test_a_manifest_that_says_nothing_sensible_is_refused(broken: Fields) -> None:
    with pytest.raises(AlteredExportError, match=f"line 1: {next(iter(broken))}"):
        read([sealed({**manifest_of(1), **broken}, event_lines(EXPORT)[:1])])


def test_a_line_without_an_end_is_not_kept_for_ever() -> None:
    """Safeguard: the limit holds for what has no end yet; without it, memory would fill up."""
    reading = Reading()
    for _ in range(4):
        assert reading.take(b"x" * (MAX_LINE_BYTES // 4)) == []

    with pytest.raises(AlteredExportError, match="line 1: it has more than"):
        reading.take(b"x")
