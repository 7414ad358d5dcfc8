# SPDX-License-Identifier: Apache-2.0
from datetime import UTC, datetime, timedelta, timezone

import pytest

from deploy.archive.month import Month, first_kept

NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)


def test_a_month_is_one_of_utc() -> None:
    tokyo = timezone(timedelta(hours=9))
    assert Month.of(datetime(2026, 4, 1, 3, 0, tzinfo=tokyo)) == Month(2026, 3)
    assert (Month(2026, 12).ends, Month(2026, 12).table) == (
        datetime(2027, 1, 1, tzinfo=UTC),
        "records_2026_12",
    )


def test_months_are_counted_back_over_years() -> None:
    assert [str(Month(2026, 2).back(each)) for each in (0, 1, 2, 14, -11)] == [
        "2026-02", "2026-01", "2025-12", "2024-12", "2027-01",
    ]  # fmt: skip


def test_everything_is_kept_unless_somebody_decides_otherwise() -> None:
    assert first_kept(None, 0, NOW) is None
    assert first_kept(None, 6, NOW) == Month(2026, 5)
    assert first_kept("2026-09", 6, NOW) == Month(2026, 9)


def test_the_running_month_always_stays() -> None:
    """Safeguard: what is being written is not archived."""
    assert first_kept("2026-11", 0, NOW) == Month(2026, 11)
    with pytest.raises(ValueError, match="2026-12 has not begun"):
        first_kept("2026-12", 0, NOW)


@pytest.mark.parametrize("text", ["2026-13", "2026-1", "26-10", "2026-10-01", "x"])
def test_a_month_is_written_in_one_way(text: str) -> None:
    with pytest.raises(ValueError, match="is no month"):
        Month.parse(text)
