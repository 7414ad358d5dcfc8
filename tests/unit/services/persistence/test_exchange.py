# SPDX-License-Identifier: Apache-2.0
"""An export, and everything that can be done to it."""

from collections.abc import Callable

import pytest

from services.persistence.exchange import AlteredExportError, Lines, check, end, manifest
from tests.support.conversations import MORNING

EVENTS = 5


def export() -> list[bytes]:
    lines = Lines()
    written = [lines.line(manifest("s", events=EVENTS, exported_at=MORNING))]
    written += [
        lines.line({"sequence": each, "value": f"said {each}"}) for each in range(1, EVENTS + 1)
    ]
    return [*written, lines.line(end(EVENTS))]


def test_what_was_written_is_read() -> None:
    found = check(export())

    assert (found.session_id, found.events, found.exported_at) == ("s", EVENTS, MORNING)


def altered(lines: list[bytes]) -> list[bytes]:
    return [line.replace(b"said 3", b"said X") for line in lines]


def rewritten(lines: list[bytes]) -> list[bytes]:
    """Change a line and give it a digest that fits it alone."""
    return [*lines[:3], Lines().line({"sequence": 3, "value": "said X"}), *lines[4:]]


CHANGES: dict[str, tuple[Callable[[list[bytes]], list[bytes]], int]] = {
    "altered": (altered, 4),
    "rewritten": (rewritten, 4),
    "left out": (lambda lines: [*lines[:3], *lines[4:]], 4),
    "swapped": (lambda lines: [*lines[:2], lines[3], lines[2], *lines[4:]], 3),
    "repeated": (lambda lines: [*lines[:3], lines[2], *lines[3:]], 4),
    "cut off": (lambda lines: lines[:-1], 7),
    "gone on": (lambda lines: [*lines, lines[2]], 8),
    "without its manifest": (lambda lines: lines[1:], 1),
    "no JSON": (lambda lines: [*lines[:2], b"{", *lines[3:]], 3),
    "no object": (lambda lines: [*lines[:2], b"[1]", *lines[3:]], 3),
    "empty": (lambda _: [], 1),
}


@pytest.mark.parametrize(("change", "line"), CHANGES.values(), ids=CHANGES)
def test_an_altered_export_is_refused_naming_the_first_bad_line(
    change: Callable[[list[bytes]], list[bytes]], line: int
) -> None:
    """Safeguard: the digest of a line is over the line before, too."""
    with pytest.raises(AlteredExportError) as refused:
        check(change(export()))

    assert refused.value.line == line
