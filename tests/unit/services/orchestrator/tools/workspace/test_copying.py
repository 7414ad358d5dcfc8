# SPDX-License-Identifier: Apache-2.0
"""A workspace is copied as it is found, also while somebody changes it."""

import os
from pathlib import Path
from typing import Any

import pytest

from services.orchestrator.tools.errors import ToolError
from services.orchestrator.tools.workspace import copying
from services.orchestrator.tools.workspace.copying import copy_files


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    folder.mkdir()
    return folder


@pytest.fixture
def target(tmp_path: Path) -> Path:
    folder = tmp_path / "target"
    folder.mkdir()
    return folder


def test_files_directories_and_links_are_copied_and_nothing_else(
    source: Path, target: Path, tmp_path: Path
) -> None:
    (source / "a/b").mkdir(parents=True)
    (source / "a/b/run.sh").write_text("x")
    (source / "a/b/run.sh").chmod(0o750)
    (source / "out").symlink_to(tmp_path)
    os.mkfifo(source / "pipe")

    copy_files(source, target)

    assert sorted(path.name for path in target.iterdir()) == ["a", "out"]
    assert (target / "a/b/run.sh").read_text() == "x"
    assert (target / "a/b/run.sh").stat().st_mode & 0o777 == 0o750
    assert (target / "out").is_symlink()


def test_a_hard_link_becomes_a_file_of_its_own(source: Path, target: Path, tmp_path: Path) -> None:
    (tmp_path / "outside.txt").write_text("before")
    (source / "inside.txt").hardlink_to(tmp_path / "outside.txt")

    copy_files(source, target)
    (target / "inside.txt").write_text("after")

    assert (tmp_path / "outside.txt").read_text() == "before"


def attacked_before_opening(monkeypatch: pytest.MonkeyPatch, name: str, attack: Any) -> None:
    opened = os.open

    def open_(path: Any, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        if path == name and not flags & os.O_CREAT:
            attack()
        return opened(path, flags, mode, dir_fd=dir_fd)

    monkeypatch.setattr(os, "open", open_)


def test_a_file_that_grows_after_it_was_looked_at_is_still_bounded(
    source: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Safeguard: what is read is counted, not what the size was."""
    (source / "a").write_bytes(b"x")
    monkeypatch.setattr(copying, "MAX_BYTES", 1000)
    attacked_before_opening(monkeypatch, "a", lambda: (source / "a").write_bytes(b"x" * 2000))

    with pytest.raises(ToolError, match="more than 1000 bytes"):
        copy_files(source, target)


def test_a_file_that_becomes_a_pipe_is_not_waited_for(
    source: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Safeguard: what was opened is looked at once more, and opened without waiting."""
    (source / "a").write_bytes(b"x")

    def attack() -> None:
        (source / "a").unlink()
        os.mkfifo(source / "a")

    attacked_before_opening(monkeypatch, "a", attack)

    copy_files(source, target)

    assert list(target.iterdir()) == []


def test_a_file_that_becomes_a_link_is_not_followed(
    source: Path, target: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (source / "a").write_bytes(b"x")
    (tmp_path / "secret").write_text("secret")

    def attack() -> None:
        (source / "a").unlink()
        (source / "a").symlink_to(tmp_path / "secret")

    attacked_before_opening(monkeypatch, "a", attack)

    with pytest.raises(ToolError, match="is a link"):
        copy_files(source, target)

    assert list(target.iterdir()) == []


def test_a_file_that_vanishes_is_left_out(
    source: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (source / "a").write_bytes(b"x")
    (source / "b").write_bytes(b"y")
    attacked_before_opening(monkeypatch, "a", lambda: (source / "a").unlink())

    copy_files(source, target)

    assert [path.name for path in target.iterdir()] == ["b"]


def test_directories_without_end_are_refused(
    source: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A walk holds a handle for each level; safeguard: ``MAX_DEPTH``."""
    monkeypatch.setattr(copying, "MAX_DEPTH", 3)
    (source / "1/2/3/4").mkdir(parents=True)

    with pytest.raises(ToolError, match="more than 3 deep"):
        copy_files(source, target)
