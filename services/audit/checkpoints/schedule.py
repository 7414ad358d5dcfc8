# SPDX-License-Identifier: Apache-2.0
"""When checkpoints are made: soon after a log has grown, but not after every batch."""

import asyncio
import logging
from collections.abc import Iterable
from contextlib import suppress
from datetime import timedelta

from services.audit.checkpoints.signer import CheckpointSigner
from services.audit.transparency import VerificationError
from shared.errors import TransientError
from shared.health import Readiness
from shared.telemetry.instruments import Instruments

logger = logging.getLogger(__name__)


class CheckpointSchedule:
    """Has the logs signed that have grown: at most once in ``interval``, and at the stop.

    A log that contradicts its last checkpoint is not signed. The service is then not ready, and
    says which log it is, until a person has looked into it.
    """

    name = "checkpoints"

    def __init__(
        self, signer: CheckpointSigner, *, interval: timedelta, instruments: Instruments
    ) -> None:
        self._signer = signer
        self._interval = interval
        self._instruments = instruments
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
            return Readiness(ready=False, reason="the checkpoints are not being made")
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
        try:
            for log_id in sorted(self._grown):
                await self._sign(log_id)
                self._grown.discard(log_id)
        except TransientError as error:
            logger.warning("checkpoints wait", extra={"reason": str(error)})
            self._waiting_for = str(error)
            self._growth.set()
        else:
            self._waiting_for = ""

    async def _sign(self, log_id: int) -> None:
        try:
            checkpoint = await self._signer.sign(log_id)
        except VerificationError as error:
            reason = f"log {log_id} is not signed: {error}"
            if log_id not in self._refused:
                logger.error("checkpoint refused", extra={"log_id": log_id, "reason": reason})  # noqa: TRY400 -- ...
                self._instruments.audit_verify_failures.add(1, {"check": "consistency"})
            self._refused[log_id] = reason
        else:
            self._refused.pop(log_id, None)
            self._instruments.audit_tree_size.set(checkpoint.size, {"log": checkpoint.origin})
