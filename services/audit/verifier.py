# SPDX-License-Identifier: Apache-2.0
"""Verifies the stored logs from their first entry to their last."""

import asyncio
from collections.abc import Callable

from services.audit.store.log_reader import LogPage, LogReader, StoredLog
from services.audit.trail.verification import TamperingError, Verdict, Verification
from services.audit.transparency import Checkpoint, VerificationError, VerifierKey
from shared.errors import ConflictError
from shared.telemetry.cardinality import Labels
from shared.telemetry.instruments import Instruments

KeyOf = Callable[[str], VerifierKey]
"""Returns the key that verifies the checkpoints of a log, by the origin of the log."""

FAILED: Labels = {"check": "entries"}


class LogVerifier:
    """Computes every log anew, and compares it with what is stored and with what was signed."""

    def __init__(self, reader: LogReader, *, key_of: KeyOf, instruments: Instruments) -> None:
        self._reader = reader
        self._key_of = key_of
        self._instruments = instruments
        self._instruments.audit_verify_failures.add(0, FAILED)  # shown, so that 1 is an increase
        self._busy = asyncio.Lock()

    async def verify(self, log_id: int | None = None) -> list[Verdict]:
        """Return the verdict on a log, or on all of them.

        Raises:
            ConflictError: another verification runs; each of them reads everything there is.
        """
        if self._busy.locked():
            raise ConflictError("a verification is running already")
        async with self._busy:
            log_ids = await self._reader.log_ids() if log_id is None else [log_id]
            opened = [await self._reader.open(each) for each in log_ids]
            return [await self._verify(log) for log in opened if log]

    async def _verify(self, log: StoredLog) -> Verdict:
        walk = Verification(log.origin)
        try:
            async for page in self._reader.pages(log):
                await self._walk(walk, page)
            walk.end(size=max(log.size, log.signed_size))
        except TamperingError as tampering:
            self._instruments.audit_verify_failures.add(1, FAILED)
            return walk.verdict(tampering)
        return walk.verdict()

    async def _walk(self, walk: Verification, page: LogPage) -> None:
        """Walk along a page, then let others have the event loop."""
        for size, note in page.notes.items():
            self._expect(walk, size, note)
        for entry in page.entries:
            walk.add(entry, nodes=page.nodes)
        await asyncio.sleep(0)

    def _expect(self, walk: Verification, size: int, note: str) -> None:
        try:
            walk.expect(Checkpoint.open(note, self._key_of(walk.origin)))
        except TamperingError:
            raise
        except VerificationError as error:
            raise TamperingError(
                f"the checkpoint of size {size} is not sound: {error}", first=walk.size, end=size
            ) from error
