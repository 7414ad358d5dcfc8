# SPDX-License-Identifier: Apache-2.0
"""What is recorded otherwise than the events say, as lines of a terminal."""

from collections.abc import Iterator
from typing import Any

from rich.console import Console

from services.agentctl.output import cell, table
from services.agentctl.text import one_line, value_text


def show_divergences(screen: Console, found: Any) -> None:
    """Print what does not agree in one session, and nothing if all does."""
    for problem in _problems(found):
        screen.print(problem, style="red")
    rows = [*_in_read_models(found), *_in_snapshots(found)]
    if not rows:
        return
    shown = table("EVENT", "WHERE", "KEY", "FIELD", "RECORDED", "FOLDED", right=("EVENT",))
    for row in rows:
        shown.add_row(*(cell(each) for each in row))
    screen.print(shown)
    left_out = found["divergences"] - len(found["items"])
    if left_out > 0:
        screen.print(f"and {left_out} more", style="dim")


def _problems(found: Any) -> Iterator[str]:
    if found.get("problem"):
        yield one_line(found["problem"])
    for each in found["altered"]:
        yield f"event {each['sequence']}: its bytes are not those that came"
    for gap in found["gaps"]:
        yield f"events {gap['first']} to {gap['last']} are missing"


def _in_read_models(found: Any) -> Iterator[tuple[Any, ...]]:
    for each in found["items"]:
        yield (each["sequence"], each["read_model"], *_values(each, each["key"][1:]))


def _in_snapshots(found: Any) -> Iterator[tuple[Any, ...]]:
    for each in found.get("snapshot_divergences", ()):
        where = f"snapshot {each['read_model']}".rstrip()
        yield (each["snapshot"], where, *_values(each, each["key"][1:]))


def _values(each: Any, key: list[Any]) -> tuple[str, ...]:
    named = "/".join(str(part) for part in key)
    return (named, each["field"], value_text(each["recorded"]), value_text(each["folded"]))
