# SPDX-License-Identifier: Apache-2.0
"""Sends a corrected copy of a letter to the service that failed, and closes the letter."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from services.dead_letters.letters.dead_event import DeadEvent, session_of
from services.dead_letters.letters.edit import Edit, EditError, edited_event, edited_record
from services.dead_letters.letters.lifecycle import Action, why_not_edit
from services.dead_letters.store.answers import Answer, Refusal, conflict
from services.dead_letters.store.closing import close_letter
from services.dead_letters.store.letter_queries import summary_of
from services.dead_letters.store.locked_letter import LockedLetter
from services.dead_letters.store.recorder import Recorder, about
from services.dead_letters.views import ActionResult, EditRequest
from shared.events import DeadLetterEdited
from shared.ids import new_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Editing:
    """Makes a new event of a letter, for the retry topic of the service that failed."""

    recorder: Recorder
    services: Sequence[str]

    async def act(
        self, connection: AsyncConnection, letter: LockedLetter, wish: EditRequest, now: datetime
    ) -> Answer:
        """Send the event and record it, or say why not; a dry run changes nothing.

        It has the place of the dead event, so what waits behind that is applied after it.
        """
        dead = _named(letter.event, wish)
        refusal = why_not_edit(
            letter.status, letter.service, services=self.services, erased=letter.erased
        )
        refusal = refusal or _why_not_this(letter.event, dead)
        if refusal or letter.service is None:
            return conflict(refusal or "")
        edit = Edit(letter_id=letter.id, event_id=new_id(), operator=wish.operator)
        topics = self.recorder.topics
        topic = topics.retry(letter.service)
        try:
            event = edited_event(edit, dead, wish.payload)
            record = edited_record(edit, event, topic=topic, topics=topics)
        except EditError as error:
            return Refusal(status=422, title="Not an event", detail=str(error))
        if not wish.dry_run:
            await close_letter(connection, letter, Action.EDITED, wish, now)
            await self.recorder.record(connection, record)
            told = DeadLetterEdited(
                **about(letter.id, letter.service, dead),
                operator=wish.operator,
                reason=wish.reason,
                new_event_id=str(edit.event_id),
            )
            await self.recorder.event(connection, told)
        return ActionResult(
            action=Action.EDITED,
            dry_run=wish.dry_run,
            topic=topic,
            redrive_id=None,
            letter=await summary_of(connection, letter.id),
            new_event_id=None if wish.dry_run else edit.event_id,
        )


def _named(event: DeadEvent, wish: EditRequest) -> DeadEvent:
    """Return the event with what the operator says of it."""
    aggregate_id = wish.aggregate_id or event.aggregate_id
    return replace(
        event,
        event_type=wish.event_type or event.event_type,
        aggregate_id=aggregate_id,
        session_id=event.session_id or session_of(aggregate_id),
        sequence=wish.sequence or event.sequence,
    )


def _why_not_this(event: DeadEvent, named: DeadEvent) -> str | None:
    """Return why the letter cannot be what the operator names, if it says itself what it is."""
    for what in ("aggregate_id", "sequence"):
        known, given = getattr(event, what), getattr(named, what)
        if known is not None and known != given:
            return f"the letter says itself that its {what} is {known!r}"
    return None
