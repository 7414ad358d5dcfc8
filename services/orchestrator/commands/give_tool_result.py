# SPDX-License-Identifier: Apache-2.0
"""Give the result of a call that the client of a session made."""

from dataclasses import dataclass

from services.orchestrator.domain.session import SessionState
from services.orchestrator.store.client_calls import find_call
from services.orchestrator.store.effects import Effect, EffectState
from services.orchestrator.store.idempotency import IdempotencyKey, earlier_subject, remember
from services.orchestrator.store.work import SessionWork
from services.orchestrator.turns.client_answers import take_answer
from services.orchestrator.turns.closing import storable
from services.orchestrator.turns.engine import TurnEngine
from services.orchestrator.turns.resources import Resources
from shared.errors import ConflictError, NotFoundError


@dataclass(frozen=True, slots=True, kw_only=True)
class GiveToolResultCommand:
    """What the call gave, or why it could not be made; the digest is that of all of it."""

    session_id: str
    call_id: str
    result: str
    failed: bool
    digest: str
    key: IdempotencyKey | None = None


class GiveToolResultHandler:
    """Takes what clients answer: for each call once, and the same again as often as it is said."""

    def __init__(self, resources: Resources, engine: TurnEngine) -> None:
        self._resources = resources
        self._engine = engine

    async def handle(self, command: GiveToolResultCommand) -> Effect:
        """Return the call with its result; the turn goes on when nothing else is owed.

        Raises:
            NotFoundError: there is no such session or call.
            ConflictError: the client does not owe a result of this call: it gave another one, its
                time ran out, or it was not asked for one.
        """
        async with self._resources.work.session(command.session_id) as work:
            if work.session.state is SessionState.DELETED:
                raise NotFoundError(f"there is no session {command.session_id!r}")
            call_id = await earlier_subject(work.connection, command.key) or command.call_id
            effect = await find_call(work.connection, command.session_id, call_id)
            if effect.answer_digest == command.digest:
                return effect
            _check(work, effect)
            await remember(work.connection, command.key, subject=str(effect.effect_id))
            await take_answer(
                work,
                effect,
                state=EffectState.FAILED if command.failed else EffectState.COMMITTED,
                result=storable(command.result),
                failure="ClientError" if command.failed else None,
                digest=command.digest,
            )
            answered = await find_call(work.connection, work.session.id, str(effect.effect_id))
        self._engine.look()
        return answered


def _check(work: SessionWork, effect: Effect) -> None:
    if effect.answer_digest:
        raise ConflictError("the call was answered already, with another result")
    if effect.expires_at is None:
        raise ConflictError(f"the client is not asked to make this call, which is {effect.state}")
    if effect.state is not EffectState.WITH_CLIENT:
        raise ConflictError(f"the call is {effect.state}: {effect.result}")
    if effect.expires_at <= work.now:
        raise ConflictError(f"the time to answer ran out at {effect.expires_at.isoformat()}")
