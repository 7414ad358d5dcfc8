# SPDX-License-Identifier: Apache-2.0
"""When checkpoints are made: soon after a log has grown, but not after every batch."""

import asyncio
import logging
from collections.abc import Iterable
from contextlib import suppress
from datetime import timedelta
from time import monotonic
from typing import Protocol

from services.audit.transparency import Checkpoint, VerificationError
from shared.errors import TransientError
from shared.health import Readiness
from shared.telemetry.cardinality import Labels
from shared.telemetry.instruments import Instruments

logger = logging.getLogger(__name__)

REFUSED: Labels = {"check": "consistency"}


class LogSigner(Protocol):
    """Signs logs; see ``CheckpointSigner``."""

    async def unsigned(self) -> set[int]:
        """Return the logs that have entries which no checkpoint stands for."""
        ...

    async def sign(self, log_id: int) -> Checkpoint:
        """Sign the log as it is now."""
        ...


class CheckpointSchedule:
    """Has the logs signed that have grown: at most once in ``interval``, and at the stop.

    A log that contradicts its last checkpoint is not signed. The service is then not ready, and
    says which log it is, until a person has looked into it.
    """

    name = "checkpoints"

    def __init__(self, signer: LogSigner, *, interval: timedelta, instruments: Instruments) -> None:
        self._signer = signer
        self._interval = interval
        self._instruments = instruments
        self._instruments.audit_verify_failures.add(0, REFUSED)  # shown, so that 1 is an increase
        self._grown = set[int]()
        self._growth = asyncio.Event()
        self._stopping = asyncio.Event()
        self._waiting_for = ""
        self._refused = dict[int, str]()
        self._task: asyncio.Task[None] | None = None

    def grown(self, log_ids: Iterable[int]) -> None:
        """Have these logs signed soon."""
        self._grown.update(log_ids)
        self._growth.set()

    async def start(self) -> None:
        """Begin with the logs that grew before a crash and were not signed."""
        self.grown(await self._signer.unsigned())
        self._task = asyncio.create_task(self._run(), name="checkpoints")

    async def stop(self) -> None:
        """Sign everything that is not signed yet."""
        self._stopping.set()
        self._growth.set()
        if self._task:
            await self._task
        await self._sign_grown()

    async def readiness(self) -> Readiness:
        """Tell whether the logs get signed."""
        if self._refused:
            return Readiness(ready=False, reason="; ".join(self._refused.values()))
        if self._task is None or self._task.done():
            return Readiness(ready=False, reason="no checkpoints are being made")
        return Readiness(ready=not self._waiting_for, reason=self._waiting_for)

    async def _run(self) -> None:
        while not self._stopping.is_set():
            await self._growth.wait()
            self._growth.clear()
            await self._sign_grown()
            with suppress(TimeoutError):
                async with asyncio.timeout(self._interval.total_seconds()):
                    await self._stopping.wait()

    async def _sign_grown(self) -> None:
        for log_id in sorted(self._grown):
            self._grown.discard(log_id)  # first, for it may grow again while it is being signed
            try:
                await self._sign(log_id)
            except TransientError as error:
                logger.warning("checkpoints wait", extra={"reason": str(error)})
                self._waiting_for = str(error)
                self.grown([log_id])
                return
        self._waiting_for = ""

    async def _sign(self, log_id: int) -> None:
        try:
            checkpoint = await self._signer.sign(log_id)
        except VerificationError as error:
            self._refuse(log_id, reason=f"log {log_id} is not signed: {error}")
        else:
            self._refused.pop(log_id, None)
            self._show(checkpoint, signed_at=monotonic())

    def _refuse(self, log_id: int, *, reason: str) -> None:
        if log_id not in self._refused:
            logger.error("checkpoint refused", extra={"log_id": log_id, "reason": reason})
            self._instruments.audit_verify_failures.add(1, REFUSED)
        self._refused[log_id] = reason

    def _show(self, checkpoint: Checkpoint, *, signed_at: float) -> None:
        log: Labels = {"log": checkpoint.origin}
        self._instruments.audit_tree_size.set(checkpoint.size, log)
        self._instruments.audit_checkpoint_age.track(lambda: monotonic() - signed_at, log)
