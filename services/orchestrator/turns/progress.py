# SPDX-License-Identifier: Apache-2.0
"""How far a turn has come."""

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic_ai.messages import ModelMessage

from services.orchestrator.domain.session import Session
from services.orchestrator.domain.turn import Next, Step, Turn, next_move
from services.orchestrator.store.effects import Effect


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """All that is recorded of a turn, and what follows from it.

    ``before`` are the messages of earlier turns, and ``effects`` the calls of the last step.
    """

    turn: Turn
    session: Session
    before: Sequence[ModelMessage] = ()
    steps: Sequence[Step] = ()
    effects: Sequence[Effect] = ()

    @property
    def next_move(self) -> Next:
        """What the turn does next."""
        return next_move(self.steps, {each.call_id: each.state.call for each in self.effects})

    @property
    def messages(self) -> list[ModelMessage]:
        """The conversation so far, as a model gets it."""
        return [*self.before, *(step.message for step in self.steps)]
