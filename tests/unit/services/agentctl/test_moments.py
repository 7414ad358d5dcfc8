# SPDX-License-Identifier: Apache-2.0
from datetime import UTC, datetime, timedelta

import pytest

from services.agentctl.errors import CommandError
from services.agentctl.moments import parse_moment

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("15m", NOW - timedelta(minutes=15)),
        ("2h", NOW - timedelta(hours=2)),
        ("1d", NOW - timedelta(days=1)),
        ("30s", NOW - timedelta(seconds=30)),
        ("2026-02-28T11:00:00Z", datetime(2026, 2, 28, 11, tzinfo=UTC)),
        ("2026-02-28T11:00:00+02:00", datetime(2026, 2, 28, 9, tzinfo=UTC)),
        ("2026-02-28", datetime(2026, 2, 28, tzinfo=UTC)),
    ],
)
def test_a_moment_is_a_time_or_an_age(text: str, moment: datetime) -> None:
    assert parse_moment(text, now=NOW) == moment


@pytest.mark.parametrize("text", ["", "yesterday", "15", "-1m", "15w", "999999999d"])
def test_anything_else_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(CommandError, match="15m, 2h or 1d"):
        parse_moment(text, now=NOW)
