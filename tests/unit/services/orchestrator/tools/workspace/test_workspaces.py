# SPDX-License-Identifier: Apache-2.0
from pathlib import Path

import pytest

from services.orchestrator.tools.workspace.workspaces import Workspaces
from shared.errors import PermanentError


def test_each_session_has_files_of_its_own(tmp_path: Path) -> None:
    workspaces = Workspaces(tmp_path / "root")
    workspaces.open("one").write("a.txt", b"1")
    workspaces.open("two").write("a.txt", b"2")

    assert workspaces.open("one").read("a.txt") == b"1"
    assert (tmp_path / "root/one").stat().st_mode & 0o777 == 0o700


def test_removing_a_session_removes_its_files_only_and_may_be_repeated(tmp_path: Path) -> None:
    workspaces = Workspaces(tmp_path / "root")
    workspaces.open("one").write("a.txt", b"1")
    workspaces.open("two").write("a.txt", b"2")

    workspaces.remove("one")
    workspaces.remove("one")

    assert [path.name for path in (tmp_path / "root").iterdir()] == ["two"]


def test_removing_follows_no_link(tmp_path: Path) -> None:
    kept = tmp_path / "kept.txt"
    kept.write_text("kept")
    workspaces = Workspaces(tmp_path / "root")
    (workspaces.open("one").files / "link").symlink_to(tmp_path)

    workspaces.remove("one")

    assert kept.read_text() == "kept"


@pytest.mark.parametrize("session_id", ["", "..", ".", "a/b", "/etc", "a\0", "a" * 65, "é", "-a"])
def test_a_session_id_that_is_no_plain_name_is_refused(tmp_path: Path, session_id: str) -> None:
    workspaces = Workspaces(tmp_path / "root")

    with pytest.raises(PermanentError, match="no session id"):
        workspaces.open(session_id)
    with pytest.raises(PermanentError, match="no session id"):
        workspaces.remove(session_id)
