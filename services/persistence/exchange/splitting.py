# SPDX-License-Identifier: Apache-2.0
"""Lines out of the pieces in which they arrive, however those are cut. No I/O."""

from services.persistence.exchange.checking import MAX_LINE_BYTES, AlteredExportError


class LineSplitter:
    """Puts lines together; none grows beyond what a line may have."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._size = 0
        self._number = 0

    def take(self, piece: bytes) -> list[bytes]:
        """Return the lines that end in ``piece``, without their ends.

        Raises:
            AlteredExportError: a line is too long.
        """
        first, *others = piece.split(b"\n")
        self._add(first)
        lines: list[bytes] = []
        for other in others:
            lines.append(self._line())
            self._add(other)
        return lines

    def rest(self) -> list[bytes]:
        """Return the last line if it has no end."""
        return [self._line()] if self._size else []

    def _line(self) -> bytes:
        line = b"".join(self._pieces)
        self._pieces, self._size = [], 0
        self._number += 1
        return line

    def _add(self, piece: bytes) -> None:
        self._size += len(piece)
        if self._size > MAX_LINE_BYTES:
            reason = f"it has more than {MAX_LINE_BYTES} bytes"
            raise AlteredExportError(self._number + 1, reason)
        self._pieces.append(piece)
