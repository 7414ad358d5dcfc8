# SPDX-License-Identifier: Apache-2.0
"""A program that is of use only after something was done in it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from deploy.embedded.supervisor import Program


@dataclass(frozen=True, slots=True)
class Prepared:
    """Starts ``program`` and then does ``work``, again after every restart."""

    program: Program
    work: Callable[[], Awaitable[None]]

    @property
    def name(self) -> str:
        """The name of the program."""
        return self.program.name

    async def start(self) -> None:
        """Start the program and do the work; when the work fails, the program does not run."""
        await self.program.start()
        try:
            await self.work()
        except BaseException:
            await self.program.stop()
            raise

    async def wait(self) -> int:
        """Wait until the program has ended."""
        return await self.program.wait()

    async def stop(self) -> None:
        """End the program."""
        await self.program.stop()

    def kill(self) -> None:
        """End the program at once."""
        self.program.kill()

    def last_words(self) -> str:
        """Return the last error line that the program wrote."""
        return self.program.last_words()
