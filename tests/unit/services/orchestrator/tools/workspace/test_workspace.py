# SPDX-License-Identifier: Apache-2.0
import os
from pathlib import Path

import pytest

from services.orchestrator.tools.errors import ToolError
from services.orchestrator.tools.workspace.workspace import Workspace


def test_a_file_reads_as_it_was_written(workspace: Workspace) -> None:
    new = workspace.write("notes/today.txt", "grüße\n".encode())

    assert new
    assert workspace.read_text("notes/today.txt") == "grüße\n"


def test_writing_again_replaces_all_of_it_and_keeps_the_mode(workspace: Workspace) -> None:
    workspace.write("run.sh", b"a long first version")
    (workspace.files / "run.sh").chmod(0o755)

    new = workspace.write("run.sh", b"short")

    assert not new
    assert workspace.read("run.sh") == b"short"
    assert (workspace.files / "run.sh").stat().st_mode & 0o777 == 0o755


def test_new_files_are_for_this_user_only(workspace: Workspace) -> None:
    workspace.write("deep/secret.txt", b"x")

    assert (workspace.files / "deep/secret.txt").stat().st_mode & 0o777 == 0o600
    assert (workspace.files / "deep").stat().st_mode & 0o777 == 0o700


def test_a_write_that_fails_leaves_the_old_content_and_nothing_else(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace.write("a.txt", b"old")

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ToolError, match="the disk is full"):
        workspace.write("a.txt", b"new")

    assert workspace.read("a.txt") == b"old"
    assert [path.name for path in workspace.files.rglob("*")] == ["a.txt"]
    assert list((workspace.files.parent / "temporary").iterdir()) == []


def test_a_file_of_the_largest_size_is_written_and_one_byte_more_is_not(
    workspace: Workspace,
) -> None:
    workspace.write("full.bin", b"x" * 1000)
    with pytest.raises(ToolError, match="1001 bytes"):
        workspace.write("over.bin", b"x" * 1001)

    assert len(workspace.read("full.bin")) == 1000
    assert not (workspace.files / "over.bin").exists()


def test_a_file_that_is_too_large_is_not_read(workspace: Workspace) -> None:
    (workspace.files / "big.bin").write_bytes(b"x" * 1001)

    with pytest.raises(ToolError, match="larger than 1000 bytes"):
        workspace.read("big.bin")


@pytest.mark.parametrize("path", ["../a", "/etc/passwd", "a\0b", "a" * 5000, "a/" * 500, ".", ""])
def test_odd_paths_are_told_to_the_model(workspace: Workspace, path: str) -> None:
    with pytest.raises(ToolError):
        workspace.read(path)
    with pytest.raises(ToolError):
        workspace.write(path, b"x")


def test_what_is_not_there_is_told_with_a_way_out(workspace: Workspace) -> None:
    with pytest.raises(ToolError, match=r"'nope.txt' does not exist; list_files shows"):
        workspace.read("nope.txt")


def test_a_directory_is_no_file(workspace: Workspace) -> None:
    workspace.write("d/a.txt", b"x")

    with pytest.raises(ToolError, match="is a directory"):
        workspace.read("d")
    with pytest.raises(ToolError, match="is a directory"):
        workspace.write("d", b"x")
    with pytest.raises(ToolError, match="no directory"):
        workspace.write("d/a.txt/b", b"x")


def test_a_pipe_is_refused_without_waiting_for_its_writer(workspace: Workspace) -> None:
    os.mkfifo(workspace.files / "pipe")

    with pytest.raises(ToolError, match="no regular file"):
        workspace.read("pipe")
    with pytest.raises(ToolError, match="no regular file"):
        workspace.write("pipe", b"x")


def test_bytes_that_are_no_text_are_told(workspace: Workspace) -> None:
    workspace.write("a.bin", b"\xff\xfe")

    with pytest.raises(ToolError, match="no UTF-8"):
        workspace.read_text("a.bin")


def test_no_message_names_a_real_path(workspace: Workspace, tmp_path: Path) -> None:
    (workspace.files / "link").symlink_to(tmp_path)

    for path in ("link/a", "nope", "link"):
        with pytest.raises(ToolError) as caught:
            workspace.read(path)
        assert str(tmp_path) not in str(caught.value)
