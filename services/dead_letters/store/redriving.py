# SPDX-License-Identifier: Apache-2.0
"""Sends a letter back to the service that failed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.dead_letters.letters.claims import claim_of
from services.dead_letters.letters.lifecycle import Action, Status, why_not_redrive
from services.dead_letters.letters.redrive import Redrive, redriven_record
from services.dead_letters.store.answers import Answer, conflict
from services.dead_letters.store.history import Entry, write_down
from services.dead_letters.store.letter_queries import last_headers, summary_of
from services.dead_letters.store.locked_letter import LockedLetter
from services.dead_letters.store.recorder import Recorder, about
from services.dead_letters.tables import letters
from services.dead_letters.views import ActionResult, RedriveRequest
from shared.events import DeadLetterRedriven
from shared.ids import new_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Redriving:
    """Redrives to the retry topics of ``services``, which are those that have one."""

    recorder: Recorder
    services: Sequence[str]

    async def act(
        self,
        connection: AsyncConnection,
        letter: LockedLetter,
        wish: RedriveRequest,
        now: datetime,
    ) -> Answer:
        """Send the letter back and record it, or say why not; a dry run changes nothing."""
        headers = await last_headers(connection, letter.id)
        refusal = why_not_redrive(
            letter.status,
            letter.service,
            services=self.services,
            claim=claim_of(letter.value, headers),
            erased=letter.erased,
        )
        refusal = refusal or _why_not_again(letter, wish)
        if refusal or letter.service is None:
            return conflict(refusal or "")
        topic = self.recorder.topics.retry(letter.service)
        redrive = Redrive(
            redrive_id=new_id(),
            letter_id=letter.id,
            count=letter.redrive_count + 1,
            operator=wish.operator,
        )
        if not wish.dry_run:
            await _note(connection, letter, redrive, reason=wish.reason, now=now)
            await self.recorder.record(
                connection,
                redriven_record(
                    redrive, topic=topic, key=letter.key, value=letter.value, headers=headers
                ),
            )
            await self.recorder.event(connection, _event(letter, redrive, wish))
        return ActionResult(
            action=Action.REDRIVEN,
            dry_run=wish.dry_run,
            topic=topic,
            redrive_id=None if wish.dry_run else redrive.redrive_id,
            letter=await summary_of(connection, letter.id),
        )


def _why_not_again(letter: LockedLetter, wish: RedriveRequest) -> str | None:
    if wish.redrive_count in {None, letter.redrive_count}:
        return None
    return f"the letter was redriven meanwhile; it has {letter.redrive_count} redrives by now"


async def _note(
    connection: AsyncConnection,
    letter: LockedLetter,
    redrive: Redrive,
    *,
    reason: str,
    now: datetime,
) -> None:
    await connection.execute(
        update(letters)
        .where(letters.c.id == letter.id)
        .values(
            status=Status.REDRIVEN,
            redrive_count=redrive.count,
            redrive_id=redrive.redrive_id,
            updated_at=now,
        )
    )
    entry = Entry(
        letter_id=letter.id,
        action=Action.REDRIVEN,
        operator=redrive.operator,
        reason=reason,
        redrive_id=redrive.redrive_id,
        redrive_count=redrive.count,
        at=now,
    )
    await write_down(connection, entry)


def _event(letter: LockedLetter, redrive: Redrive, wish: RedriveRequest) -> DeadLetterRedriven:
    return DeadLetterRedriven(
        **about(letter.id, letter.service, letter.event),
        operator=wish.operator,
        reason=wish.reason,
        redrive_id=str(redrive.redrive_id),
        redrive_count=redrive.count,
    )
