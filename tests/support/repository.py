# SPDX-License-Identifier: Apache-2.0
"""The files of this repository."""

from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCES = ("services", "shared", "deploy", "tests")
_OWN = (".env", ".git")
"""Of this machine alone; in a further work tree of git, ``.git`` is a file."""

_TREES = (*SOURCES, "docs", ".ci")


def files() -> Iterator[Path]:
    """Return every file that a reader of the repository meets."""
    yield from (path for path in ROOT.iterdir() if path.is_file() and path.name not in _OWN)
    for tree in _TREES:
        yield from (
            path
            for path in (ROOT / tree).rglob("*")
            if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".pyc"
        )


def python_files(*trees: str) -> Iterator[Path]:
    """Return every Python file below ``trees``, or below all."""
    for tree in trees or SOURCES:
        yield from sorted((ROOT / tree).rglob("*.py"))
