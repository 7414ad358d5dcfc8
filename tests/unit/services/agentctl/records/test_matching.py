# SPDX-License-Identifier: Apache-2.0
import pytest

from services.agentctl.errors import CommandError
from services.agentctl.records.matching import HeaderMatch, Wanted, short_type
from shared.messaging import Delivery
from tests.support.records import a_delivery, undecodable


@pytest.mark.parametrize(
    "wanted",
    [
        Wanted(),
        Wanted(session="s-1"),
        Wanted(types=["message_received"]),
        Wanted(types=["nothing", "message_*"]),
        Wanted(types=["agentruntime.domain.*"]),
        Wanted(level="domain"),
        Wanted(correlation="c-1"),
        Wanted(headers=[HeaderMatch.parse("ce_type")]),
        Wanted(headers=[HeaderMatch.parse("ce_specversion=1.0"), HeaderMatch.parse("ce_id")]),
    ],
)
def test_what_has_all_that_is_asked_for_is_wanted(wanted: Wanted) -> None:
    assert wanted.holds(a_delivery(session="s-1", correlation="c-1"))


@pytest.mark.parametrize(
    "wanted",
    [
        Wanted(session="s-2"),
        Wanted(types=["message"]),
        Wanted(level="infrastructure"),
        Wanted(correlation="c-2"),
        Wanted(headers=[HeaderMatch.parse("ce_specversion=2.0")]),
        Wanted(headers=[HeaderMatch.parse("nothing")]),
        Wanted(session="s-1", level="infrastructure"),
    ],
)
def test_what_lacks_one_thing_is_not(wanted: Wanted) -> None:
    assert not wanted.holds(a_delivery(session="s-1", correlation="c-1"))


def test_what_is_no_event_is_matched_by_key_and_headers() -> None:
    delivery = undecodable(key=b"s-1", headers=(("x", b"1"), ("x", b"2"), ("n", None)))

    assert Wanted(session="s-1").holds(delivery)
    assert Wanted(headers=[HeaderMatch.parse("x=2"), HeaderMatch.parse("n")]).holds(delivery)
    assert not Wanted(level="domain").holds(delivery)
    assert not Wanted(types=["*_received"]).holds(delivery)


def test_a_record_without_anything_is_wanted_by_who_asks_for_nothing() -> None:
    delivery: Delivery = undecodable(key=None, headers=())

    assert Wanted().holds(delivery)
    assert not Wanted(session="s-1").holds(delivery)


def test_a_header_may_hold_an_equals_sign_in_its_value() -> None:
    assert HeaderMatch.parse("a=b=c") == HeaderMatch("a", "b=c")
    assert HeaderMatch.parse("a=") == HeaderMatch("a", "")


def test_a_header_without_a_name_is_refused() -> None:
    with pytest.raises(CommandError, match="is no header"):
        HeaderMatch.parse("=value")


@pytest.mark.parametrize(
    ("full", "short"),
    [
        ("agentruntime.domain.message_received.v1", "message_received"),
        ("com.example.order.placed", "com.example.order.placed"),
        ("", ""),
    ],
)
def test_types_of_ours_have_a_short_name(full: str, short: str) -> None:
    assert short_type(full) == short
