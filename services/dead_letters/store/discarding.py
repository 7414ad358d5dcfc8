# SPDX-License-Identifier: Apache-2.0
"""Gives a letter up; it stays where it can be read."""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from services.dead_letters.letters.dead_event import DeadEvent
from services.dead_letters.letters.lifecycle import Action, why_not_discard
from services.dead_letters.store.answers import Answer, conflict
from services.dead_letters.store.closing import close_letter
from services.dead_letters.store.letter_queries import summary_of
from services.dead_letters.store.locked_letter import LockedLetter
from services.dead_letters.store.recorder import Recorder, about
from services.dead_letters.views import ActionResult, DiscardRequest
from shared.events import DeadLetterDiscarded


@dataclass(frozen=True, slots=True, kw_only=True)
class Discarding:
    """Discards letters and records that it did."""

    recorder: Recorder

    async def act(
        self,
        connection: AsyncConnection,
        letter: LockedLetter,
        wish: DiscardRequest,
        now: datetime,
    ) -> Answer:
        """Discard the letter and record it, or say why not."""
        refusal = why_not_discard(letter.status) or _why_not_there(letter.event, wish)
        if refusal:
            return conflict(refusal)
        await close_letter(connection, letter, Action.DISCARDED, wish, now)
        event = DeadLetterDiscarded(
            **about(letter.id, letter.service, _placed(letter.event, wish)),
            operator=wish.operator,
            reason=wish.reason,
        )
        await self.recorder.event(connection, event)
        return ActionResult(
            action=Action.DISCARDED,
            dry_run=False,
            topic=None,
            redrive_id=None,
            letter=await summary_of(connection, letter.id),
        )


def _why_not_there(event: DeadEvent, wish: DiscardRequest) -> str | None:
    known = (event.aggregate_id, event.sequence)
    if wish.sequence is None or event.sequence is None:
        return None
    if known == (wish.aggregate_id, wish.sequence):
        return None
    return f"the letter says itself that it holds event {known[1]} of {known[0]!r}"


def _placed(event: DeadEvent, wish: DiscardRequest) -> DeadEvent:
    """Return the event at the place that the operator names, if it has none itself."""
    if event.sequence is not None or wish.sequence is None:
        return event
    return replace(event, aggregate_id=wish.aggregate_id, sequence=wish.sequence)
