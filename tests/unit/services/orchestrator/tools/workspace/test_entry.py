# SPDX-License-Identifier: Apache-2.0
import os

import pytest

from services.orchestrator.tools.errors import ToolError
from services.orchestrator.tools.workspace.path import MAX_DEPTH
from services.orchestrator.tools.workspace.workspace import Workspace


def test_entries_come_in_the_order_of_their_paths_with_kind_and_size(workspace: Workspace) -> None:
    workspace.write("b.txt", b"12")
    workspace.write("a/c.txt", b"123")
    os.mkfifo(workspace.files / "pipe")

    entries = workspace.list(recursive=True).entries

    assert [(entry.path, entry.kind, entry.size) for entry in entries] == [
        ("a", "directory", 0),
        ("a/c.txt", "file", 3),
        ("b.txt", "file", 2),
        ("pipe", "other", 0),
    ]


def test_without_recursion_directories_are_not_entered(workspace: Workspace) -> None:
    workspace.write("a/c.txt", b"")

    assert [entry.path for entry in workspace.list().entries] == ["a"]


@pytest.mark.parametrize(("files", "truncated"), [(10, False), (11, True)])
def test_a_listing_stops_at_its_limit_and_says_so(
    workspace: Workspace, files: int, truncated: bool
) -> None:
    for number in range(files):
        workspace.write(f"{number:02}.txt", b"")

    found = workspace.list()

    assert len(found.entries) == 10
    assert found.truncated is truncated


def test_the_limit_counts_through_all_directories(workspace: Workspace) -> None:
    for number in range(8):
        workspace.write(f"d{number}/a.txt", b"")

    found = workspace.list(recursive=True)

    assert len(found.entries) == 10
    assert found.truncated


def test_a_directory_that_cannot_be_named_any_more_is_not_entered(workspace: Workspace) -> None:
    deep = workspace.files.joinpath(*("d" for _ in range(MAX_DEPTH + 3)))
    deep.mkdir(parents=True)
    roomy = Workspace(workspace.files.parent)

    assert len(roomy.list(recursive=True).entries) == MAX_DEPTH + 1


def test_names_that_no_model_could_write_are_shown_escaped(workspace: Workspace) -> None:
    (workspace.files / "a\nb").write_bytes(b"")
    (workspace.files / os.fsdecode(b"\xff")).write_bytes(b"")

    shown = [entry.shown for entry in workspace.list().entries]

    assert shown == [r"'a\nb'", r"'\udcff'"]


def test_a_missing_directory_is_told(workspace: Workspace) -> None:
    with pytest.raises(ToolError, match="does not exist"):
        workspace.list("nowhere")
