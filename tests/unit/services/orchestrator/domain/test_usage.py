# SPDX-License-Identifier: Apache-2.0
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from services.orchestrator.domain.usage import Reservation, Spent, Usage

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def reserved(agent: str = "coder", **most: int) -> Reservation:
    return Reservation(turn_id="t", agent=agent, most=Spent.model_validate(most), since=NOW)


def test_what_is_set_aside_counts_until_it_is_settled_and_then_what_was_taken_does() -> None:
    usage = Usage().reserve(reserved(tokens=1000, model_calls=1))
    assert usage.of("coder").tokens == 1000

    settled = usage.settle(Spent(tokens=70, model_calls=1), now=NOW + timedelta(seconds=2))

    assert settled.of("coder") == Spent(tokens=70, model_calls=1, wall_time=timedelta(seconds=2))
    assert settled.reserved is None


def test_a_call_that_was_cut_off_counts_as_spent_when_the_next_is_made() -> None:
    """Safeguard: ``reserve`` spends what it finds set aside, so a crash loop is bounded."""
    usage = Usage().reserve(reserved(tokens=1000, model_calls=1))

    again = usage.reserve(reserved(tokens=1000, model_calls=1))

    assert again.of() == Spent(tokens=2000, model_calls=2)
    assert again.settle(Spent(tokens=70, model_calls=1), now=NOW).of().tokens == 1070


def test_agents_are_counted_apart_and_the_session_together() -> None:
    usage = Usage().spend("coder", Spent(tokens=5, cost_usd=Decimal("0.1")))
    usage = usage.spend("debug", Spent(tokens=7)).reserve(reserved("debug", tool_calls=1))

    assert usage.of("coder") == Spent(tokens=5, cost_usd=Decimal("0.1"))
    assert usage.of("debug") == Spent(tokens=7, tool_calls=1)
    assert usage.of() == Spent(tokens=12, tool_calls=1, cost_usd=Decimal("0.1"))


def test_it_is_written_and_read_without_loss() -> None:
    usage = Usage().spend("coder", Spent(tokens=5, cost_usd=Decimal("0.000000001")))
    usage = usage.reserve(reserved(tokens=3)).remember(12)

    assert Usage.model_validate(usage.model_dump(mode="json")) == usage


def test_nothing_is_settled_where_nothing_was_set_aside() -> None:
    assert Usage().settle(Spent(tokens=7), now=NOW) == Usage()


def test_a_clock_that_goes_back_takes_no_time_away() -> None:
    usage = Usage().reserve(reserved()).settle(Spent(), now=NOW - timedelta(hours=1))

    assert usage.of().wall_time == timedelta(0)


def test_a_call_that_was_cut_off_is_paid_for_as_if_it_had_taken_all_that_was_set_aside() -> None:
    usage = Usage().reserve(reserved(tokens=1000, model_calls=1))

    cut_off = usage.settle_cut_off(now=NOW + timedelta(seconds=5))

    assert cut_off.of() == Spent(tokens=1000, model_calls=1, wall_time=timedelta(seconds=5))
    assert cut_off.reserved is None
    assert Usage().settle_cut_off(now=NOW) == Usage()
