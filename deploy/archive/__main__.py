# SPDX-License-Identifier: Apache-2.0
"""``python -m deploy.archive``: move old months of the history into files and back, as the owner.

``--before 2026-10`` chooses what is older; otherwise ``ARCHIVE_KEEP_MONTHS`` does. ``--dry-run``
only says what would be done. ``--restore FILE`` puts the month of a file back into the database,
until it is archived again. ``--erased`` takes out of the files what was erased since.
"""

import argparse
import asyncio
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from pydantic import ValidationError

from deploy.archive import partitions
from deploy.archive.archiving import Archiving
from deploy.archive.erasing import ArchiveErasing
from deploy.archive.month import first_kept
from deploy.archive.restoring import Restoring
from deploy.archive.settings import ArchiveSettings
from shared.clock import SystemClock
from shared.database import Database
from shared.errors import AgentRuntimeError, PermanentError
from shared.settings import DatabaseSettings, explain

COMMAND = "python -m deploy.archive"


def main() -> None:
    """Archive, or exit with 1 and why not."""
    chosen = _parser().parse_args()
    try:
        database = DatabaseSettings(statement_timeout=timedelta(days=1))
        asyncio.run(_run(database, ArchiveSettings(), chosen))
    except ValidationError as error:
        sys.exit(str(explain(error)))
    except (AgentRuntimeError, ValueError, OSError) as error:
        sys.exit(str(error))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=COMMAND,
        description="Move old months of the history into files in ARCHIVE_DIRECTORY, and back.",
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="only say which months would be archived"
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--before",
        metavar="YYYY-MM",
        help="archive the months before this one; without it, ARCHIVE_KEEP_MONTHS decides",
    )
    what.add_argument(
        "--restore",
        metavar="FILE",
        type=Path,
        nargs="+",
        help="put the months of these files back into the database, until they are archived again;"
        " a name alone is also looked for in ARCHIVE_DIRECTORY",
    )
    what.add_argument(
        "--erased",
        action="store_true",
        help="take out of the files what was said in sessions that were erased since",
    )
    return parser


async def _run(
    database_settings: DatabaseSettings, settings: ArchiveSettings, chosen: argparse.Namespace
) -> None:
    database = Database(database_settings)
    try:
        if chosen.dry_run and (chosen.erased or chosen.restore):
            raise PermanentError("--dry-run is for archiving")
        if chosen.erased:
            await _erase(database, settings)
        elif chosen.restore:
            await _restore(database, settings, chosen.restore)
        else:
            await _archive(database, settings, before=chosen.before, dry_run=chosen.dry_run)
    finally:
        await database.stop()


async def _archive(
    database: Database, settings: ArchiveSettings, *, before: str | None, dry_run: bool
) -> None:
    kept = first_kept(before, settings.keep_months, SystemClock().now())
    if kept is None:
        raise PermanentError("say --before, or set ARCHIVE_KEEP_MONTHS: now every month is kept")
    async with database.connect() as connection:
        old = [
            (each, await partitions.count(connection, each))
            for each in await partitions.months(connection)
            if each < kept
        ]
    archiving = Archiving(database=database, directory=settings.directory)
    for month, events in old:
        if dry_run:
            sys.stdout.write(f"{month} has {events} events and would be archived\n")
            continue
        manifest = await archiving.archive(month)
        sys.stdout.write(
            f"{month}: {manifest.events} events in {settings.directory / manifest.file},"
            f" digest {manifest.digest}\n"
        )
    if not old:
        sys.stdout.write(f"nothing before {kept} is in the database\n")


async def _restore(database: Database, settings: ArchiveSettings, files: list[Path]) -> None:
    restoring = Restoring(database)
    for each in files:
        restored = await restoring.restore(_found(each, settings.directory))
        without = f", {restored.erased} of them without what was erased since"
        sys.stdout.write(
            f"{restored.month}: {restored.events} events are in the database again"
            f"{without if restored.erased else ''}\n"
        )


def _found(file: Path, directory: Path) -> Path:
    """Return where a file is: what is only a name may be in the directory of the archive."""
    return directory / file if file.name == str(file) and not file.exists() else file


async def _erase(database: Database, settings: ArchiveSettings) -> None:
    rewritten = await ArchiveErasing(database=database, directory=settings.directory).erase()
    for line in _told(rewritten):
        sys.stdout.write(f"{line}\n")


def _told(rewritten: dict[str, int]) -> Iterator[str]:
    for month, events in rewritten.items():
        yield f"{month}: {events} events were erased in its file"
    if not rewritten:
        yield "no file has anything of an erased session"


if __name__ == "__main__":
    main()
