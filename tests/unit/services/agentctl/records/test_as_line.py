# SPDX-License-Identifier: Apache-2.0
from services.agentctl.records.as_line import Layout, heading, line
from shared.messaging import deliver
from tests.support.dead_letter_records import failed, read_back, source_record
from tests.support.records import a_delivery, undecodable

NARROW = Layout(prefix="agent-runtime", width=100)


def test_an_event_is_told_by_time_place_sequence_session_type_and_payload() -> None:
    shown = line(a_delivery(session="01890a5d-ac96-774b-bcce-b302099a8057"), NARROW).plain

    words = shown.split()
    assert words[:5] == ["12:00:00.123", "domain/2@5", "7", "…099a8057", "message_received"]
    assert "message_content=hello" in shown
    assert "01890a5d" not in shown


def test_identifiers_come_last_since_that_is_what_is_cut() -> None:
    shown = line(a_delivery(), NARROW).plain

    assert shown.index("message_content=") < shown.index("turn_id=")


def test_the_columns_stand_below_their_names() -> None:
    for layout in (
        NARROW,
        Layout(prefix="agent-runtime", width=200),
        Layout(prefix="agent-runtime", width=100, with_session=False),
    ):
        names, shown = heading(layout).plain, line(a_delivery(session="s-1"), layout).plain
        assert names.index("TYPE") == shown.index("message_received")
        assert ("s-1" in shown) == layout.with_session


def test_a_wide_terminal_shows_the_whole_session() -> None:
    session = "01890a5d-ac96-774b-bcce-b302099a8057"

    assert session in line(a_delivery(session=session), Layout(prefix="p", width=140)).plain


def test_in_a_narrow_terminal_the_payload_has_a_line_of_its_own() -> None:
    layout = Layout(prefix="agent-runtime", width=80)

    place, payload = line(a_delivery(session="s-1"), layout).plain.splitlines()

    assert "PAYLOAD" not in heading(layout).plain
    assert len(place.rstrip()) <= layout.width
    assert payload.startswith("    message_content=hello")


def test_what_is_no_event_says_why_and_begins_with_its_value() -> None:
    shown = line(undecodable(value=b"\x1b[2Jno event"), NARROW).plain

    assert "✗ the value is not JSON" in shown
    assert "\\x1b[2Jno event" in shown
    assert "\x1b" not in shown


def test_a_dead_letter_says_who_gave_up_and_why() -> None:
    shown = line(deliver(read_back(failed(source_record(), service="metrics"))), NARROW).plain

    assert "✗ metrics: it cannot be" in shown
