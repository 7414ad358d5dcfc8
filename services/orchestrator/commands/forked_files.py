# SPDX-License-Identifier: Apache-2.0
"""The files of a fork: those that the original had at the point, as far as they can be known."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from services.orchestrator.domain.fork import Files
from services.orchestrator.domain.forking import Cut
from services.orchestrator.store.effects import Effect, EffectState, effects_before
from services.orchestrator.tools import (
    HAND_OVER,
    ToolError,
    ToolRegistry,
    Workspace,
    Workspaces,
    apply_again,
)
from shared.errors import ConflictError

MAX_NAMED = 50
_NOTHING_CHANGED = frozenset({EffectState.REJECTED, EffectState.WAITING, EffectState.PENDING})


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoredFiles:
    """Where the files of a fork come from, and the calls whose changes are not in them."""

    state: Files
    not_repeated: tuple[str, ...] = ()


class FileRestorer:
    """Gives a fork its files, from the recorded calls; no tool is called for it."""

    def __init__(self, workspaces: Workspaces, tools: ToolRegistry) -> None:
        self._workspaces = workspaces
        self._tools = tools

    async def restore(
        self, connection: AsyncConnection, cut: Cut, *, original: str, fork: str
    ) -> RestoredFiles:
        """Fill the new workspace; the caller holds the original, so that nothing changes there.

        Raises:
            ConflictError: there is more than can be copied.
        """
        try:
            if cut.is_end:
                await asyncio.to_thread(self._workspaces.copy, original, fork)
                return RestoredFiles(state="copied")
            effects = await effects_before(connection, _kept(cut))
            return await asyncio.to_thread(self._rebuild, effects, fork)
        except (ToolError, OSError) as error:
            reason = error.strerror if isinstance(error, OSError) else str(error)
            raise ConflictError(
                f"the files cannot go along: {reason}; fork with an empty workspace"
            ) from error

    def _rebuild(self, effects: Sequence[tuple[int, Effect]], fork: str) -> RestoredFiles:
        workspace = self._workspaces.open(fork)
        unknown = [
            f"{effect.tool} in turn {number}"
            for number, effect in effects
            if not self._repeated(workspace, effect)
        ]
        if not unknown:
            return RestoredFiles(state="rebuilt")
        return RestoredFiles(state="partial", not_repeated=tuple(unknown[:MAX_NAMED]))

    def _repeated(self, workspace: Workspace, effect: Effect) -> bool:
        """Bring in what a call changed; tell whether all of it is there now."""
        if effect.state in _NOTHING_CHANGED or self._reads(effect.tool):
            return True
        if effect.state is EffectState.COMMITTED:
            return apply_again(workspace, effect.tool, effect.arguments)
        return effect.started_at is None or self._whole_or_nothing(effect)

    def _reads(self, tool: str) -> bool:
        if tool == HAND_OVER:
            return True
        try:
            return self._tools.get(tool).safety == "read_only"
        except ToolError:
            return False

    def _whole_or_nothing(self, effect: Effect) -> bool:
        """Tell whether a call that failed is known to have changed nothing."""
        return effect.state is EffectState.FAILED and effect.tool in {"write_file", "edit_file"}


def _kept(cut: Cut) -> dict[str, int]:
    whole = {each.id: each.steps[-1].index + 1 for each in cut.whole if each.steps}
    return whole | {each.turn.id: each.kept for each in cut.reopened}
