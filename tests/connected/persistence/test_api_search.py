# SPDX-License-Identifier: Apache-2.0
"""Sessions are found by what they are and by what was said in them."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, text

from services.persistence.tables import SIMPLE, WORDS, messages
from shared.events import Event, MessageReceived, SessionCreated
from tests.support.conversations import MORNING, Recorder, conversation
from tests.support.history import TestHistory

pytestmark = pytest.mark.connected


def begun(session_id: str, minute: int, **fields: Any) -> Event:
    moment = MORNING + timedelta(minutes=minute)
    return Recorder(session_id).add(SessionCreated, occurred_at=moment, **fields)


def ids(page: dict[str, Any]) -> list[str]:
    return [each["session_id"] for each in page["items"]]


async def test_sessions_are_found_by_state_agent_and_text(history: TestHistory) -> None:
    await history.take(*conversation("talk"), begun("fresh", 1, agent="architect"))

    async def found(**parameters: Any) -> list[str]:
        return ids(await history.get("/v1/sessions", **parameters))

    assert await found(agent="architect") == ["fresh"]
    assert await found(state="active", agent="coder") == ["talk"]
    assert await found(state="completed") == []
    assert await found(q="TIDY UP") == ["talk"]
    assert await found(q="100%") == ["talk"]
    assert await found(q='"the rest"') == ["talk"]
    assert await found(q='"rest the"') == []
    assert await found(q="tidy -notes") == []
    assert await found(q="nothing' OR (& | !") == []
    assert await found(q="tidy up", agent="architect") == []


async def test_sessions_are_found_by_creator_and_time(history: TestHistory) -> None:
    early, late = begun("early", 1, created_by="ann"), begun("late", 2, created_by="bob")
    await history.take(early, late)

    async def found(**parameters: Any) -> list[str]:
        return ids(await history.get("/v1/sessions", **parameters))

    assert await found(created_by="ann") == ["early"]
    assert await found(since=late.occurred_at.isoformat()) == ["late"]
    assert await found(until=late.occurred_at.isoformat()) == ["early"]
    assert await found(created_by="ann", since=late.occurred_at.isoformat()) == []
    await history.get("/v1/sessions", status=422, since="2026-01-01T00:00:00")


async def test_the_words_are_looked_up_in_an_index(history: TestHistory) -> None:
    """Holds that the query says what the index says: change one alone, and the table is read."""
    said = WORDS.bool_op("@@")(func.websearch_to_tsquery(SIMPLE, "tidy"))
    query = select(messages.c.session_id).where(said)
    engine = history.database.engine
    compiled = str(query.compile(engine.sync_engine, compile_kwargs={"literal_binds": True}))

    async with history.database.begin() as connection:
        await connection.execute(text("SET LOCAL enable_seqscan = off"))
        plan = await connection.scalars(text(f"EXPLAIN {compiled}"))

    assert "messages_words" in "".join(plan)


async def test_a_message_too_long_for_an_index_is_stored_all_the_same(
    history: TestHistory,
) -> None:
    """Holds the ``left`` in the index: without it PostgreSQL refuses the event."""
    words = " ".join(f"w{n}" for n in range(120_000))
    recorder = Recorder("long")
    recorder.add(SessionCreated)
    recorder.add(MessageReceived, message_content=words, message_length=len(words))

    await history.take(*recorder.events)

    assert ids(await history.get("/v1/sessions", q="w17")) == ["long"]
