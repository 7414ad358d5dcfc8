# SPDX-License-Identifier: Apache-2.0
"""The state at any point of a session of 100,000 events, beside one of 1,000."""

import random
from collections.abc import Sequence
from statistics import quantiles

from services.persistence.queries.states import StateQueries
from services.persistence.store.snapshots import Snapshots
from tests.performance.bench import Bench, seconds
from tests.performance.line import Line
from tests.performance.storing import subscriber_on
from tests.support.event_streams import delivered, long_history

LONG = 100_000
SHORT = 1_000
POINTS = 400
BATCH = 2_000
LIMIT_SECONDS = 0.010


async def state_anywhere(bench: Bench) -> Sequence[Line]:
    """Measure states at points drawn at random; the peer of p99 is the limit of the design."""
    async with bench.migrated() as database, bench.pool(database, "persistence") as pool:
        subscriber = subscriber_on(pool)
        for session_id, length in (("long", LONG), ("short", SHORT)):
            events = long_history(session_id, length)
            for start in range(0, length, BATCH):
                await subscriber.apply(delivered(events[start : start + BATCH]))
        snapshots = Snapshots(pool)
        while await snapshots.advance():
            pass
        states = StateQueries(pool)
        draw = random.Random(7)  # noqa: S311 -- points, no secrets
        times: dict[str, list[float]] = {"long": [], "short": []}
        for _ in range(POINTS):
            for session_id, length in (("long", LONG), ("short", SHORT)):
                point = draw.randint(1, length)
                times[session_id].append(await seconds(lambda: states.at(session_id, point)))  # noqa: B023
    long, short = (quantiles(times[name], n=100) for name in ("long", "short"))
    return [
        Line.of_times(
            f"state at any point of {LONG:,} events, p99",
            ours=long[98],
            peer_name="limit of 10 ms",
            peer=LIMIT_SECONDS,
            bar=1,
        ),
        Line.of_times(
            f"state at any point of {LONG:,} events, p50",
            ours=long[49],
            peer_name=f"ours, of {SHORT:,} events",
            peer=short[49],
            bar=0.5,
        ),
        Line.of_times(
            f"state at any point of {LONG:,} events, p99",
            ours=long[98],
            peer_name=f"ours, of {SHORT:,} events",
            peer=short[98],
            bar=0.5,
        ),
    ]
