# SPDX-License-Identifier: Apache-2.0
"""Several things at once, of which none goes on when one fails."""

import asyncio
from collections.abc import Awaitable


async def together(*work: Awaitable[None]) -> None:
    """Do all of ``work`` at the same time; when one fails, end the others and raise its error."""
    tasks = [asyncio.ensure_future(each) for each in work]
    try:
        await asyncio.gather(*tasks)
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise


async def first_of(*work: Awaitable[None]) -> None:
    """Do all of ``work`` until one is finished; end the others, and raise its error, if any."""
    tasks = [asyncio.ensure_future(each) for each in work]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def to_the_end(work: Awaitable[None]) -> None:
    """Do ``work`` to its end even when we are cancelled meanwhile, and be cancelled then."""
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError as error:
            cancelled = error
    task.result()
    if cancelled:
        raise cancelled
