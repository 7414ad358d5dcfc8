# SPDX-License-Identifier: Apache-2.0
"""What a listing shows."""

import os
import stat
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Literal

from services.orchestrator.tools.workspace.directory import opened_directory
from services.orchestrator.tools.workspace.path import MAX_DEPTH

Kind = Literal["file", "directory", "link", "other"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One name in a workspace, with its size if it is a file."""

    path: str
    kind: Kind
    size: int = 0

    @property
    def shown(self) -> str:
        """The path as it may be printed: odd characters, which commands can make, are escaped."""
        return self.path if self.path.isprintable() else ascii(self.path)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """Entries in the order of their paths; not all of them if ``truncated``."""

    entries: tuple[Entry, ...]
    truncated: bool


def listing(root: Path, names: tuple[str, ...], *, recursive: bool, limit: int) -> Listing:
    """Look at a directory, and below it if asked, until ``limit`` entries were seen.

    Links are shown and not followed. A directory that vanishes meanwhile is shown empty.

    Raises:
        OSError: the directory is not there, or is a link.
    """
    found = _scan(root, names, at_most=limit + 1)
    waiting = [entry.path for entry in found if entry.kind == "directory"] if recursive else []
    while waiting and len(found) <= limit:
        below = waiting.pop(0)
        with suppress(OSError):
            more = _scan(root, tuple(below.split("/")), at_most=limit + 1 - len(found))
            waiting += [entry.path for entry in more if entry.kind == "directory"]
            found += more
    shown = sorted(found[:limit], key=lambda entry: entry.path)
    return Listing(entries=tuple(shown), truncated=len(found) > limit)


def _scan(root: Path, names: tuple[str, ...], *, at_most: int) -> list[Entry]:
    if len(names) > MAX_DEPTH:
        return []
    with opened_directory(root, names) as directory, os.scandir(directory) as entries:
        return [_entry(entry, names) for entry in islice(entries, at_most)]


def _entry(entry: os.DirEntry[str], above: tuple[str, ...]) -> Entry:
    path = "/".join((*above, entry.name))
    try:
        found = entry.stat(follow_symlinks=False)
    except OSError:
        return Entry(path=path, kind="other")
    if stat.S_ISLNK(found.st_mode):
        return Entry(path=path, kind="link")
    if stat.S_ISDIR(found.st_mode):
        return Entry(path=path, kind="directory")
    if stat.S_ISREG(found.st_mode):
        return Entry(path=path, kind="file", size=found.st_size)
    return Entry(path=path, kind="other")
