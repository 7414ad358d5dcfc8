# SPDX-License-Identifier: Apache-2.0
"""A turn of two model calls with one tool call in between, beside LangGraph on the same PostgreSQL.

Both answer with a model that takes no time, call the same tool and have recorded each step before
the next begins: LangGraph with ``durability="sync"``, ours always. Ours is asked over its HTTP
interface, without a network, and has its relay running, which publishes all events to Kafka
meanwhile; LangGraph is called as a library, with its default durability too.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from langchain_core.messages import AIMessage, HumanMessage
from langchain_core.tools import tool
from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.prebuilt import ToolNode, tools_condition
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool

from shared.ids import new_id
from tests.performance.bench import Bench, best_of_each
from tests.performance.line import Line
from tests.support.orchestrator import RunningOrchestrator, running_orchestrator

QUESTION = "calculate 2 + 3"
ANSWER = "2 + 3 = 5"
AT_ONCE = 16
EACH = 5
ALONE = 30

Conversing = Callable[[int, int], Awaitable[None]]
"""Hold so many conversations at once, of so many turns each."""


async def turn(bench: Bench) -> Sequence[Line]:
    """Measure turns of one session, and of many at once."""
    async with _ours(bench) as ours, _peer(bench) as peer:
        lines: list[Line] = []
        for sessions, turns, bar in ((1, ALONE, 1.5), (AT_ONCE, EACH, 3)):
            what = f"a turn, {sessions} session{'s' * (sessions > 1)} at once"
            for durability in ("sync", "async"):
                own, other = await best_of_each(
                    partial(ours, sessions, turns), partial(peer(durability), sessions, turns)
                )
                line = Line.of_times(
                    what,
                    ours=own / turns / sessions,
                    peer_name=f"LangGraph, {durability}",
                    peer=other / turns / sessions,
                    bar=bar if durability == "sync" else None,
                )
                lines.append(line)
        return lines


@asynccontextmanager
async def _ours(bench: Bench) -> AsyncGenerator[Conversing]:
    with TemporaryDirectory(prefix="bench-") as workspaces:
        async with (
            bench.migrated() as database,
            bench.topics() as kafka,
            running_orchestrator(
                database.url("orchestrator"), kafka, Path(workspaces)
            ) as orchestrator,
        ):

            async def conversing(sessions: int, turns: int) -> None:
                ids = [await orchestrator.session(agent="universal") for _ in range(sessions)]
                await asyncio.gather(*(_said(orchestrator, each, turns) for each in ids))

            yield conversing


async def _said(orchestrator: RunningOrchestrator, session_id: str, turns: int) -> None:
    for _ in range(turns):
        ended = await orchestrator.say(session_id, QUESTION, wait=60)
        assert (ended["state"], "5" in ended["reply"]) == ("completed", True), ended


@asynccontextmanager
async def _peer(bench: Bench) -> AsyncGenerator[Callable[[str], Conversing]]:
    async with (
        bench.empty() as url,
        AsyncConnectionPool(
            url,
            min_size=1,
            max_size=AT_ONCE,
            open=False,
            kwargs={"autocommit": True, "prepare_threshold": 0, "row_factory": dict_row},
        ) as pool,
    ):
        saver = AsyncPostgresSaver(pool)
        await saver.setup()
        graph = _graph(saver)

        def durable(durability: str) -> Conversing:
            async def conversing(sessions: int, turns: int) -> None:
                ids = [str(new_id()) for _ in range(sessions)]
                await asyncio.gather(*(_asked(graph, each, turns, durability) for each in ids))

            return conversing

        yield durable


async def _asked(graph: CompiledStateGraph, thread: str, turns: int, durability: str) -> None:
    config = {"configurable": {"thread_id": thread}}
    for _ in range(turns):
        message = {"messages": [HumanMessage(QUESTION)]}
        state = await graph.ainvoke(message, config, durability=durability)
        assert state["messages"][-1].content == ANSWER


@tool
async def calculate(expression: str) -> str:
    """Calculate an arithmetic expression."""
    first, second = expression.split("+")
    return str(int(first) + int(second))


def _graph(saver: AsyncPostgresSaver) -> CompiledStateGraph:
    """Return the usual loop of a model and its tools."""
    graph = StateGraph(MessagesState)
    graph.add_node("model", _model)
    graph.add_node("tools", ToolNode([calculate]))
    graph.add_edge(START, "model")
    graph.add_conditional_edges("model", tools_condition)
    graph.add_edge("tools", "model")
    return graph.compile(checkpointer=saver)


async def _model(state: MessagesState) -> dict[str, list[AIMessage]]:
    last = state["messages"][-1]
    if isinstance(last, HumanMessage):
        call = {"name": "calculate", "args": {"expression": "2 + 3"}, "id": str(new_id())}
        return {"messages": [AIMessage("", tool_calls=[call])]}
    return {"messages": [AIMessage(ANSWER)]}
