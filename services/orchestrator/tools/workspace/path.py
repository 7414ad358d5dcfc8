# SPDX-License-Identifier: Apache-2.0
"""Paths inside a workspace."""

from typing import Annotated

from pydantic import AfterValidator, Field

MAX_BYTES = 1024
MAX_NAME_BYTES = 200
MAX_DEPTH = 32


def normal_path(path: str) -> str:
    """Return ``path`` in its one normal form: names joined by single slashes, ``.`` for the top.

    Only names that every reader of an approval sees for what they are are let through: no ``..``,
    no leading slash, no backslash, no control or invisible character.

    Raises:
        ValueError: it is no such path; the message says what to write instead.
    """
    if not path.isprintable():
        raise ValueError("a path has no control or invisible characters; write a plain name")
    if path.startswith("/") or "\\" in path:
        raise ValueError("write a path relative to the workspace, with '/' between names")
    names = [name for name in path.split("/") if name not in {"", "."}]
    if ".." in names:
        raise ValueError("'..' does not lead out of the workspace; name the file from its top")
    if len(names) > MAX_DEPTH or len(path.encode()) > MAX_BYTES:
        raise ValueError(f"a path has at most {MAX_DEPTH} names and {MAX_BYTES} bytes; shorten it")
    if any(len(name.encode()) > MAX_NAME_BYTES for name in names):
        raise ValueError(f"a name has at most {MAX_NAME_BYTES} bytes; shorten it")
    return "/".join(names) or "."


def names_of(path: str) -> tuple[str, ...]:
    """Return the names that a normal path is made of; none for the top."""
    normal = normal_path(path)
    return () if normal == "." else tuple(normal.split("/"))


WorkspacePath = Annotated[
    str,
    AfterValidator(normal_path),
    Field(description="relative to the top of the workspace, for example notes/today.txt"),
]
"""A path that arrives in normal form."""
