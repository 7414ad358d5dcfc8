# SPDX-License-Identifier: Apache-2.0
from pathlib import Path

import pytest

from deploy.archive.__main__ import main


@pytest.fixture(autouse=True)
def _database_that_nobody_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://owner@127.0.0.1:1/nothing")
    monkeypatch.delenv("ARCHIVE_KEEP_MONTHS", raising=False)


def test_nothing_is_archived_unless_somebody_decides_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Safeguard: ``first_kept``; the default is to keep everything."""
    monkeypatch.setattr("sys.argv", ["archive"])
    with pytest.raises(SystemExit, match="say --before, or set ARCHIVE_KEEP_MONTHS"):
        main()


def test_what_is_no_month_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["archive", "--before", "2026-13"])
    with pytest.raises(SystemExit, match="'2026-13' is no month; write it as 2026-10"):
        main()


def test_a_database_that_does_not_answer_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["archive", "--before", "2026-01", "--dry-run"])
    with pytest.raises(SystemExit, match="PostgreSQL is down"):
        main()


@pytest.mark.parametrize("folder", ["", "elsewhere"])
def test_what_cannot_be_read_is_not_restored(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, folder: str
) -> None:
    """A name alone is looked for in the directory of the archive, too."""
    monkeypatch.setenv("ARCHIVE_DIRECTORY", str(tmp_path))
    (tmp_path / "records-2026-03.jsonl.gz").write_bytes(b"not packed")
    monkeypatch.setattr(
        "sys.argv", ["archive", "--restore", str(Path(folder) / "records-2026-03.jsonl.gz")]
    )
    reason = "No such file or directory" if folder else "is not as it was written: line 1"
    with pytest.raises(SystemExit, match=reason):
        main()


def test_what_would_be_restored_is_not_only_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["archive", "--dry-run", "--restore", "x.gz"])
    with pytest.raises(SystemExit, match="--dry-run is for archiving"):
        main()
