# SPDX-License-Identifier: Apache-2.0
"""What is done to a turn in one transaction: collected here, written once at its end."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar
from uuid import UUID

from services.orchestrator.domain.session import Session
from services.orchestrator.domain.turn import Step, Turn, TurnState
from services.orchestrator.models import ModelUsage, tokens_of_message
from services.orchestrator.store.approvals import (
    Approval,
    ApprovalState,
    add_approval,
    approvals_of,
    change_approval,
)
from services.orchestrator.store.effects import Effect, add_effects, change_effect
from services.orchestrator.store.steps import NewStep, add_steps
from services.orchestrator.store.turns import add_turn, change_turn
from services.orchestrator.store.work import SessionWork
from services.orchestrator.turns.progress import Progress
from shared.events import Event

EventT = TypeVar("EventT", bound=Event)

NOTHING = ModelUsage(input_tokens=0, output_tokens=0)


class TurnWork:
    """A turn while its session is locked: its state as it will be once this is committed.

    ``steps`` are all that are recorded of the turn, and ``effects`` the calls of the last one. What
    is decided rests on them, so they have to be what the database holds.
    """

    def __init__(self, work: SessionWork, progress: Progress) -> None:
        self.work = work
        self.turn = progress.turn
        self.steps = list(progress.steps)
        self.effects = list(progress.effects)
        self._before = progress.before
        self._turn_changes: dict[str, Any] = {}
        self._new_steps: list[NewStep] = []
        self._new_effects: dict[UUID, Effect] = {}
        self._effect_changes: dict[UUID, dict[str, Any]] = {}
        self._new_approvals: list[Approval] = []

    @property
    def now(self) -> datetime:
        """When this is done."""
        return self.work.now

    @property
    def session(self) -> Session:
        """The session of the turn."""
        return self.work.session

    @property
    def progress(self) -> Progress:
        """How far the turn has come once this is committed."""
        return Progress(
            turn=self.turn,
            session=self.session,
            before=self._before,
            steps=tuple(self.steps),
            effects=tuple(self.effects),
        )

    def change_session(self, **changes: Any) -> None:
        """Change fields of the session."""
        self.work.change(**changes)

    async def publish(self, event: EventT) -> EventT:
        """Number an event, and the infrastructure events that belong to it; return it numbered."""
        return await self.work.publish(event)

    def change(self, **changes: Any) -> None:
        """Change columns of the turn."""
        self._turn_changes |= changes
        fields = {name: value for name, value in changes.items() if name in Turn.__slots__}
        self.turn = replace(self.turn, **fields)

    def add_step(
        self,
        step: Step,
        *,
        usage: ModelUsage = NOTHING,
        cost_usd: Decimal | None = None,
        sequence: int | None = None,
    ) -> None:
        """Record the next message; ``usage`` and cost are of the model that gave it.

        It came with the event ``sequence``; by default, with the first one that is recorded here.
        """
        tokens = tokens_of_message(step.message)
        self.work.change(usage=self.session.usage.remember(tokens))
        self._new_steps.append(
            NewStep(
                step=step,
                sequence=self.work.first_sequence if sequence is None else sequence,
                input_tokens=usage.input_tokens,
                output_tokens=usage.output_tokens,
                cost_usd=cost_usd,
            )
        )
        self.steps.append(step)
        self.effects = []

    def add_effects(self, effects: Sequence[Effect]) -> None:
        """Write the calls of the last step into the ledger."""
        self.effects = list(effects)
        self._new_effects |= {each.effect_id: each for each in effects}

    def change_effect(self, effect_id: UUID, **changes: Any) -> None:
        """Change what is known of a call."""
        self.effects = [
            replace(each, **changes) if each.effect_id == effect_id else each
            for each in self.effects
        ]
        if effect_id in self._new_effects:
            self._new_effects[effect_id] = replace(self._new_effects[effect_id], **changes)
        else:
            self._effect_changes[effect_id] = self._effect_changes.get(effect_id, {}) | changes

    def add_approval(self, approval: Approval) -> None:
        """Ask a person."""
        self._new_approvals.append(approval)

    async def cancel_approvals(self, *, reason: str) -> None:
        """Ask no person any more about calls of this turn."""
        cancelled: dict[str, Any] = {
            "state": ApprovalState.CANCELLED,
            "reason": reason,
            "decided_at": self.now,
        }
        self._new_approvals = [replace(each, **cancelled) for each in self._new_approvals]
        connection, session = self.work.connection, self.session
        for approval in await approvals_of(connection, session.id, state=ApprovalState.OPEN):
            if approval.turn_id == self.turn.id:
                await change_approval(connection, approval.id, **cancelled)

    async def store(self) -> None:
        """Write all of it."""
        connection = self.work.connection
        if self._turn_changes:
            await change_turn(connection, self.turn.id, **self._turn_changes)
        await self._store_parts()

    async def store_new(self, *, owner: str, lease: timedelta) -> None:
        """Write all of it, with the turn as a new one, leased to ``owner`` if it is running."""
        await add_turn(
            self.work.connection,
            self.turn,
            owner=owner if self.turn.state is TurnState.RUNNING else None,
            lease=lease,
            ended_at=self._turn_changes.get("ended_at"),
        )
        await self._store_parts()

    async def _store_parts(self) -> None:
        connection = self.work.connection
        if self._new_steps:
            await add_steps(connection, self.turn, self._new_steps)
        if self._new_effects:
            await add_effects(connection, list(self._new_effects.values()))
        for effect_id, changes in self._effect_changes.items():
            await change_effect(connection, effect_id, **changes)
        for approval in self._new_approvals:
            await add_approval(connection, approval)
