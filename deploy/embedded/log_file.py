# SPDX-License-Identifier: Apache-2.0
"""What a program wrote last, which is usually why it ended."""

import json
import re
from pathlib import Path
from typing import Any

_TAIL_BYTES = 32_768
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_TROUBLE = re.compile(r"error|fatal|panic|critical|exception|cannot|failed", re.IGNORECASE)
_LONGEST = 300


def keep_previous(path: Path) -> None:
    """Put the log of the last run aside, so that a new one starts empty."""
    if path.exists():
        path.replace(path.with_suffix(path.suffix + ".1"))


def last_error_line(path: Path, *, since: int = 0) -> str:
    """Return the last line that tells of trouble, or else the last line, or nothing.

    ``since`` is the size the file had when the program was started: what is older is not looked at.
    """
    lines = [line for line in map(_readable, _tail(path, since)) if line]
    troubles = [line for line in lines if _TROUBLE.search(line)]
    found = (troubles or lines or [""])[-1]
    return found if len(found) <= _LONGEST else f"{found[:_LONGEST]}…"


def _tail(path: Path, since: int) -> list[str]:
    if not path.exists():
        return []
    with path.open("rb") as log:
        log.seek(max(since, path.stat().st_size - _TAIL_BYTES))
        return log.read().decode(errors="replace").splitlines()


def _readable(line: str) -> str:
    line = _COLOURS.sub("", line).strip()
    if not line.startswith("{"):
        return line
    try:
        record = json.loads(line)
    except ValueError:
        return line
    return _from_json(record)


def _from_json(record: dict[str, Any]) -> str:
    """Return level, message and last line of the traceback of one of our own log records.

    A record that tells of no trouble is nothing.
    """
    if record.get("level") in {"DEBUG", "INFO"}:
        return ""
    traceback = str(record.get("exc_info") or record.get("exception") or "").strip()
    parts = [record.get("level"), record.get("message"), *traceback.splitlines()[-1:]]
    return " ".join(str(part) for part in parts if part)
