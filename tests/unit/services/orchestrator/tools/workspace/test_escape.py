# SPDX-License-Identifier: Apache-2.0
"""Attacks with links, as a program that a model started could make them."""

import os
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from services.orchestrator.tools.edit_file import EDIT_FILE
from services.orchestrator.tools.errors import ToolError
from services.orchestrator.tools.list_files import LIST_FILES
from services.orchestrator.tools.read_file import READ_FILE
from services.orchestrator.tools.search_files import SEARCH_FILES
from services.orchestrator.tools.tool import ToolContext
from services.orchestrator.tools.workspace.copying import copy_files
from services.orchestrator.tools.workspace.workspace import Workspace
from services.orchestrator.tools.write_file import WRITE_FILE
from shared.ids import new_id


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "secret.txt").write_text("secret")
    return folder


def test_a_link_to_a_file_is_neither_read_nor_written_through(
    workspace: Workspace, outside: Path
) -> None:
    (workspace.files / "link.txt").symlink_to(outside / "secret.txt")

    with pytest.raises(ToolError, match="is a link"):
        workspace.read("link.txt")
    with pytest.raises(ToolError, match="a link"):
        workspace.write("link.txt", b"overwritten")

    assert (outside / "secret.txt").read_text() == "secret"


def test_a_link_to_a_directory_is_not_entered(workspace: Workspace, outside: Path) -> None:
    (workspace.files / "door").symlink_to(outside)

    with pytest.raises(ToolError, match="links are not followed"):
        workspace.read("door/secret.txt")
    with pytest.raises(ToolError, match="links are not followed"):
        workspace.write("door/planted.txt", b"x")
    with pytest.raises(ToolError, match="links are not followed"):
        workspace.list("door")

    assert [path.name for path in outside.iterdir()] == ["secret.txt"]


def test_a_relative_link_up_and_a_link_in_the_middle_are_not_entered(
    workspace: Workspace, outside: Path
) -> None:
    workspace.write("a/b/c.txt", b"x")
    (workspace.files / "a/up").symlink_to("../../../../outside")

    with pytest.raises(ToolError, match="links are not followed"):
        workspace.read("a/up/secret.txt")
    assert outside.exists()


def test_a_dangling_link_does_not_create_its_target(workspace: Workspace, outside: Path) -> None:
    (workspace.files / "new.txt").symlink_to(outside / "planted.txt")

    with pytest.raises(ToolError, match="a link"):
        workspace.write("new.txt", b"x")

    assert not (outside / "planted.txt").exists()


def test_a_workspace_that_was_replaced_by_a_link_is_not_entered(
    workspace: Workspace, outside: Path
) -> None:
    workspace.files.rmdir()
    workspace.files.symlink_to(outside)

    with pytest.raises(ToolError, match="links are not followed"):
        workspace.read("secret.txt")


def test_a_listing_shows_links_and_does_not_follow_them(
    workspace: Workspace, outside: Path
) -> None:
    (workspace.files / "door").symlink_to(outside)

    entries = workspace.list(recursive=True).entries

    assert [(entry.path, entry.kind) for entry in entries] == [("door", "link")]


def test_a_link_put_in_between_looking_and_writing_is_replaced_not_followed(
    workspace: Workspace, outside: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace = os.replace

    def attacked(source: str, target: str, *, src_dir_fd: int, dst_dir_fd: int) -> None:
        os.symlink(outside / "secret.txt", target, dir_fd=dst_dir_fd)
        replace(source, target, src_dir_fd=src_dir_fd, dst_dir_fd=dst_dir_fd)

    monkeypatch.setattr(os, "replace", attacked)
    workspace.write("a.txt", b"mine")

    assert (outside / "secret.txt").read_text() == "secret"
    assert not (workspace.files / "a.txt").is_symlink()
    assert workspace.read("a.txt") == b"mine"


def test_a_directory_swapped_while_it_is_walked_leads_nowhere_else(
    workspace: Workspace, outside: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace.write("a/b/note.txt", b"mine")
    opened = os.open

    def attacked(name: str, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        if name == "b":
            (workspace.files / "a").rename(workspace.files / "moved")
            (workspace.files / "a").symlink_to(outside)
        return opened(name, flags, mode, dir_fd=dir_fd)

    monkeypatch.setattr(os, "open", attacked)

    assert workspace.read("a/b/note.txt") == b"mine"


def test_a_race_of_links_and_directories_is_never_won(workspace: Workspace, outside: Path) -> None:
    """One thread swaps a directory with a link out, the other reads and writes through it."""
    with swapping(workspace.files / "door", outside, aside=workspace.files / "away"):
        for _ in range(1000):
            with suppress(ToolError):
                workspace.write("door/secret.txt", b"overwritten")
            with suppress(ToolError):
                assert workspace.read("door/secret.txt") == b"overwritten"

    assert_untouched(outside)


async def test_no_tool_wins_or_loses_the_race_either(
    workspace: Workspace, outside: Path, tmp_path: Path
) -> None:
    """Every tool that takes a path, and the copy for a fork, while a directory is swapped.

    Safeguard: ``O_NOFOLLOW`` for each name in ``workspace/directory.py``.
    """
    context = ToolContext(session_id="s", effect_id=new_id(), workspace=workspace)
    said: list[str] = []
    with swapping(workspace.files / "door", outside, aside=workspace.files / "away"):
        for number in range(100):
            for tool, arguments in (
                (READ_FILE, {"path": "door/secret.txt"}),
                (LIST_FILES, {"path": "door"}),
                (LIST_FILES, {}),
                (SEARCH_FILES, {"text": "secret", "path": "door"}),
                (EDIT_FILE, {"path": "door/secret.txt", "old_text": "secret", "new_text": "x"}),
                (WRITE_FILE, {"path": "door/planted.txt", "content": "mine"}),
            ):
                with suppress(ToolError):
                    result = await tool.call(tool.validate(arguments), context)
                    said.append(result.content)
            target = tmp_path / f"copy {number}"
            target.mkdir()
            with suppress(OSError, ToolError):
                copy_files(workspace.files, target)
            assert list(target.glob("*/secret.txt")) == [] or (target / "door").is_symlink()

    assert said
    assert not [each for each in said if "secret.txt" in each or "edited" in each]
    assert_untouched(outside)


def assert_untouched(outside: Path) -> None:
    assert (outside / "secret.txt").read_text() == "secret"
    assert [path.name for path in outside.iterdir()] == ["secret.txt"]


@contextmanager
def swapping(door: Path, outside: Path, *, aside: Path) -> Generator[None]:
    """Make ``door`` a link to ``outside`` and a directory in turn, as fast as it goes."""
    stop = threading.Event()

    def swap() -> None:
        while not stop.is_set():
            with suppress(OSError):
                door.symlink_to(outside)
            with suppress(OSError):
                door.unlink()
            with suppress(OSError):
                door.mkdir()
            with suppress(OSError):
                door.rename(aside)
            with suppress(OSError):
                for path in aside.glob("*"):
                    path.unlink()
            with suppress(OSError):
                aside.rmdir()

    attacker = threading.Thread(target=swap)
    attacker.start()
    try:
        yield
    finally:
        stop.set()
        attacker.join()
