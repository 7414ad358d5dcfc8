# SPDX-License-Identifier: Apache-2.0
"""Moments as people write them: a time, or how long ago."""

import re
from datetime import UTC, datetime, timedelta

from services.agentctl.errors import CommandError

_AGO = re.compile(r"(\d{1,9})(s|m|h|d)")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def parse_moment(text: str, *, now: datetime) -> datetime:
    """Return the moment of ``2026-03-01T12:00:00Z`` (UTC if it does not say) or of ``15m`` ago.

    Raises:
        CommandError: the text is neither.
    """
    try:
        if ago := _AGO.fullmatch(text):
            return now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        moment = datetime.fromisoformat(text)
    except (ValueError, OverflowError) as error:
        raise CommandError(
            f"{text!r} is no time such as 2026-03-01T12:00:00Z, nor an age such as 15m, 2h or 1d"
        ) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
