# SPDX-License-Identifier: Apache-2.0
import os
from pathlib import Path

import pytest

from deploy.embedded.errors import StateDirectoryError
from deploy.embedded.identity import Identity, unprivileged

STRANGER = Identity(54_321, 54_321)
OURSELVES = Identity(os.getuid(), os.getgid())


def _pretend(monkeypatch: pytest.MonkeyPatch, user: int) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: user)


def test_an_ordinary_user_needs_nobody_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _pretend(monkeypatch, 1000)

    assert unprivileged(tmp_path) is None


def test_root_asks_an_unprivileged_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _pretend(monkeypatch, 0)

    identity = unprivileged(tmp_path / "not there yet")

    assert identity is not None
    assert 0 not in identity.ids


def test_root_asks_the_owner_of_data_that_is_there_already(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def owned_by_somebody(_: Path) -> os.stat_result:
        return os.stat_result((0o40700, 0, 0, 0, 1234, 5678, 0, 0, 0, 0))

    monkeypatch.setattr(Path, "stat", owned_by_somebody)
    _pretend(monkeypatch, 0)

    assert unprivileged(tmp_path) == Identity(1234, 5678)


def test_a_stranger_reaches_what_is_open_to_all() -> None:
    assert STRANGER.reaches(Path("/etc/passwd"))


def test_a_stranger_does_not_reach_what_is_below_a_closed_directory(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    inside = closed / "inside"
    inside.mkdir(mode=0o755)

    assert not STRANGER.reaches(inside)


def test_the_owner_reaches_it(tmp_path: Path) -> None:
    assert OURSELVES.reaches(tmp_path)


def test_a_user_that_this_machine_cannot_use_is_a_line_that_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, user: int, group: int) -> None:
        raise OSError(22, "Invalid argument")

    monkeypatch.setattr(os, "chown", refuse)

    with pytest.raises(StateDirectoryError, match="start the stack as an ordinary user"):
        STRANGER.take(tmp_path)
