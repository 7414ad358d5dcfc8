# SPDX-License-Identifier: Apache-2.0
"""The full history of a session of 300 turns, beside LangGraph with its PostgreSQL checkpointer.

LangGraph gives the state at each of its checkpoints; ours reads every event and folds it, so that
each state has been there too. Each turn has one model call in both, and no time goes to a model.
"""

import asyncio
from collections.abc import Awaitable, Sequence

from langchain_core.messages import AIMessage, HumanMessage
from langgraph.checkpoint.postgres import PostgresSaver
from langgraph.graph import END, START, MessagesState, StateGraph

from services.persistence.state import SessionState, evolve
from services.persistence.tables import stored
from shared.events import Event
from shared.eventstore import PostgresEventStore
from tests.performance.bench import Bench, best_of_each
from tests.performance.conversing import ANSWER, QUESTION, session_of
from tests.performance.line import Line
from tests.performance.storing import subscriber_on
from tests.support.event_streams import delivered

TURNS = 300
THREAD = {"configurable": {"thread_id": "bench"}, "recursion_limit": 50}


async def full_history(bench: Bench) -> Sequence[Line]:
    """Measure reading all of it, best of three."""
    async with (
        bench.migrated() as database,
        bench.pool(database, "persistence") as pool,
        bench.empty() as url,
    ):
        subscriber = subscriber_on(pool)
        events = session_of(TURNS)
        for start in range(0, len(events), 1000):
            await subscriber.apply(delivered(events[start : start + 1000]))
        store = PostgresEventStore(pool, stored)

        async def read() -> list[Event]:
            return [each.event() for each in await store.get_events("session-1")]

        async def fold() -> None:
            state = SessionState()
            for each in await read():
                state = evolve(state, each)
            assert state.sequence == len(events)

        def peer() -> Awaitable[object]:
            return asyncio.to_thread(_history, url)

        await asyncio.to_thread(_converse, url)
        for each in (database.admin_url, url):
            await bench.settled(each)
        reading, other = await best_of_each(read, peer)
        folding, same = await best_of_each(fold, peer)
    peer_name = "LangGraph get_state_history"
    return [
        Line.of_times(
            f"every event of {TURNS} turns",
            ours=reading,
            peer_name=peer_name,
            peer=other,
            bar=None,
        ),
        Line.of_times(
            f"full history of {TURNS} turns", ours=folding, peer_name=peer_name, peer=same, bar=100
        ),
    ]


def _graph(saver: PostgresSaver):
    graph = StateGraph(MessagesState)
    graph.add_node("agent", lambda _: {"messages": [AIMessage(ANSWER)]})
    graph.add_edge(START, "agent")
    graph.add_edge("agent", END)
    return graph.compile(checkpointer=saver)


def _converse(url: str) -> None:
    with PostgresSaver.from_conn_string(url) as saver:
        saver.setup()
        graph = _graph(saver)
        for _ in range(TURNS):
            graph.invoke({"messages": [HumanMessage(QUESTION)]}, THREAD)


def _history(url: str) -> None:
    with PostgresSaver.from_conn_string(url) as saver:
        states = list(_graph(saver).get_state_history(THREAD))
        assert len(states) >= TURNS
