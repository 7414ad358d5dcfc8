# SPDX-License-Identifier: Apache-2.0
"""Reads an export as it arrives, and checks everything in it that can be checked. No I/O."""

from services.persistence.exchange.arrivals import UnreadableLineError, arrival
from services.persistence.exchange.checking import Checker, Manifest
from services.persistence.exchange.splitting import LineSplitter

SERVICE = "service:"
"""How the aggregates begin that are no sessions."""


class Reading:
    """An export on its way in: every line is as it was written, and every event can be read."""

    def __init__(self) -> None:
        self._splitter = LineSplitter()
        self._checker = Checker()

    @property
    def digest(self) -> str:
        """Return the digest over all lines so far."""
        return self._checker.digest

    def take(self, piece: bytes) -> list[bytes]:
        """Return the lines of events that end in the next piece.

        Raises:
            AlteredExportError: a line is not as it has to be; it names the first.
        """
        return self._checked(self._splitter.take(piece))

    def finish(self) -> tuple[list[bytes], Manifest]:
        """Return the last lines of events, and what the export says of itself.

        Raises:
            AlteredExportError: a line is not as it has to be, or the end is missing.
        """
        return self._checked(self._splitter.rest()), self._checker.finish()

    def _checked(self, lines: list[bytes]) -> list[bytes]:
        return [line for line in lines if self._is_event(line)]

    def _is_event(self, line: bytes) -> bool:
        fields = self._checker.take(line)
        session_id = self._checker.manifest.session_id
        if session_id.startswith(SERVICE):
            raise self._checker.altered(f"{session_id!r} is no session")
        if fields is None:
            return False
        try:
            arrival(session_id, fields)
        except UnreadableLineError as error:
            raise self._checker.altered(str(error)) from error
        return True
