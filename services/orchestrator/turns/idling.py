# SPDX-License-Identifier: Apache-2.0
"""Ends sessions in which nothing happens any more."""

from services.orchestrator.domain.session import SessionState
from services.orchestrator.store.sessions import idle_sessions
from services.orchestrator.turns.cancelling import cancel_turns
from services.orchestrator.turns.resources import Resources
from shared.correlation import EventCorrelation
from shared.events import SessionExpired

AT_ONCE = 100


async def expire_sessions(resources: Resources) -> None:
    """Expire every session that has been idle for too long, each once, however many replicas look.

    The row of the session is locked and looked at again, so of several replicas one expires it, and
    none does if something has happened meanwhile.
    """
    limit = resources.settings.session_idle_limit
    async with resources.work.database.connect() as connection:
        idle = await idle_sessions(connection, longer_than=limit, at_most=AT_ONCE)
    for session_id, seen in idle:
        with EventCorrelation.scope():
            async with resources.work.session(session_id) as work:
                if work.session.state is not SessionState.ACTIVE or work.session.updated_at > seen:
                    continue
                reason = f"nothing happened for {limit.total_seconds():g} s"
                await cancel_turns(resources, work, by="system", reason=reason)
                await work.publish(SessionExpired(session_id=session_id, reason=reason))
                work.change(state=SessionState.EXPIRED)
