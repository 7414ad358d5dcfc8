# SPDX-License-Identifier: Apache-2.0
"""Keeps lines aside in a temporary file, compressed, until all have arrived."""

from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from gzip import GzipFile
from tempfile import TemporaryFile
from typing import IO

FASTEST = 1


class Spool:
    """Lines in the order in which they were added; they are gone with the process at the latest."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._writing = GzipFile(fileobj=file, mode="wb", compresslevel=FASTEST)

    def add(self, lines: Iterable[bytes]) -> None:
        """Add lines, which have no ends of their own."""
        for line in lines:
            self._writing.write(line + b"\n")

    def slices(self, size: int) -> Iterator[list[bytes]]:
        """Give all lines, so many at a time; nothing can be added any more."""
        self._writing.close()
        self._file.seek(0)
        with GzipFile(fileobj=self._file, mode="rb") as reading:
            some: list[bytes] = []
            for line in reading:
                some.append(line)
                if len(some) == size:
                    yield some
                    some = []
            if some:
                yield some


@contextmanager
def spool() -> Generator[Spool]:
    """Give an empty spool."""
    with TemporaryFile() as file:
        yield Spool(file)
