# SPDX-License-Identifier: Apache-2.0
"""A session on its way from one installation to another, as lines of JSON. No I/O.

The first line is a manifest, the last one an end, and between them is one line for each event with
the bytes that came. Each line has a digest over itself and the line before.
"""

from services.persistence.exchange.arrivals import Arrival, UnreadableLineError, arrival
from services.persistence.exchange.checking import AlteredExportError, Checker, Manifest, check
from services.persistence.exchange.lines import Lines, Origin, end, exported, manifest
from services.persistence.exchange.reading import Reading

__all__ = [
    "AlteredExportError",
    "Arrival",
    "Checker",
    "Lines",
    "Manifest",
    "Origin",
    "Reading",
    "UnreadableLineError",
    "arrival",
    "check",
    "end",
    "exported",
    "manifest",
]
