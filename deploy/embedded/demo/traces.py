# SPDX-License-Identifier: Apache-2.0
"""The traces of the conversation, read from the file that all services append to."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """All spans of one trace: how many, and of which services."""

    trace_id: str
    spans: int
    services: frozenset[str]


def traces_of(path: Path, correlation_ids: Iterable[str]) -> dict[str, list[Trace]]:
    """Return the traces in which something was done for each correlation id."""
    spans: dict[str, list[str]] = {}
    found: dict[str, set[str]] = {each: set() for each in correlation_ids}
    for line in path.read_text().splitlines():
        span = json.loads(line)
        trace_id = span["trace_id"]
        spans.setdefault(trace_id, []).append(span["service"])
        correlation_id = span["attributes"].get("messaging.message.conversation_id")
        if correlation_id in found:
            found[correlation_id].add(trace_id)
    return {
        correlation_id: [
            Trace(
                trace_id=trace_id,
                spans=len(spans[trace_id]),
                services=frozenset(spans[trace_id]),
            )
            for trace_id in sorted(trace_ids)
        ]
        for correlation_id, trace_ids in found.items()
    }
