# SPDX-License-Identifier: Apache-2.0
"""Puts the orchestrator together."""

import os
from collections.abc import Iterable

from fastapi import FastAPI

from services.orchestrator.agents import AgentCatalogue, load_catalogue
from services.orchestrator.api.router import Commands, build_router
from services.orchestrator.commands.cancel_turns import CancelTurnsHandler
from services.orchestrator.commands.create_session import CreateSessionHandler
from services.orchestrator.commands.decide_approval import DecideApprovalHandler
from services.orchestrator.commands.end_session import EndSessionHandler
from services.orchestrator.commands.erase_session import EraseSessionHandler
from services.orchestrator.commands.fork_session import ForkSessionHandler
from services.orchestrator.commands.give_tool_result import GiveToolResultHandler
from services.orchestrator.commands.pause_session import PauseSessionHandler
from services.orchestrator.commands.replay_outbox import ReplayOutboxHandler
from services.orchestrator.commands.send_message import SendMessageHandler
from services.orchestrator.commands.switch_agent import SwitchAgentHandler
from services.orchestrator.event_handlers.agent import AgentEventHandler
from services.orchestrator.event_handlers.session import SessionEventHandler
from services.orchestrator.live import SessionFeed
from services.orchestrator.models import Attempts, ModelClients
from services.orchestrator.settings import OrchestratorSettings
from services.orchestrator.store.tables import outbox as outbox_tables
from services.orchestrator.store.work import UnitOfWork
from services.orchestrator.tools import BUILT_IN, Tool, ToolRegistry, Workspaces
from services.orchestrator.tools.environment import hide_own_environment
from services.orchestrator.tools.mcp import McpServers
from services.orchestrator.turns.approvals_gauge import ApprovalsGauge
from services.orchestrator.turns.budgets import Budgets
from services.orchestrator.turns.engine import TurnEngine
from services.orchestrator.turns.finished import FinishedTurns
from services.orchestrator.turns.resources import Resources
from services.orchestrator.turns.toolbox import Toolboxes
from shared.attempts import PostgresInHand
from shared.clock import SystemClock
from shared.database import Database
from shared.messaging import KafkaEventBus
from shared.outbox import Outbox, OutboxRelay
from shared.outbox.backlog import Backlog
from shared.outbox.store import Depth
from shared.service import ServiceIdentity, build_app, build_bus, observe
from shared.settings import ServiceSettings
from shared.telemetry.setup import Telemetry

NAME = "orchestrator"
DEFAULT_PORT = 8000


def create_app(
    identity: ServiceIdentity,
    telemetry: Telemetry,
    settings: OrchestratorSettings | None = None,
    *,
    tools: Iterable[Tool] = BUILT_IN,
) -> tuple[FastAPI, ServiceSettings]:
    """Return the orchestrator and its settings, which are those of the environment if None.

    ``tools`` are those that agents can be given beside the ones of MCP servers.
    """
    settings = settings or OrchestratorSettings()
    database = Database(settings.database)
    bus = build_bus(identity, settings, telemetry, in_hand=PostgresInHand(database, schema=NAME))
    backlog = Backlog(max_records=settings.outbox_max_records, max_age=settings.outbox_max_age)
    relay = _relay(database, bus, settings, identity, telemetry, backlog)
    resources = build_resources(settings, database, relay, bus, identity, telemetry, tools=tools)
    finished = FinishedTurns(database)
    engine = TurnEngine(resources, finished=finished)
    AgentEventHandler(resources.work, resources.agents).subscribe(bus)
    SessionEventHandler(resources).subscribe(bus)
    replay_outbox = ReplayOutboxHandler(
        database=database,
        publish=bus.publish,
        committed=relay.committed,
        service=identity.name,
        aggregate_id=identity.aggregate_id,
    )
    commands = _commands(resources, engine, replay_outbox)
    app = build_app(
        identity,
        settings,
        telemetry,
        bus=bus,
        components=[
            database,
            bus,
            relay,
            resources.feed,
            resources.mcp,
            engine,
            ApprovalsGauge(database, telemetry.instruments),
        ],
        on_drain=resources.feed.drain,
        routers=[build_router(commands, resources, finished, backlog)],
    )
    return app, settings


def _relay(
    database: Database,
    bus: KafkaEventBus,
    settings: OrchestratorSettings,
    identity: ServiceIdentity,
    telemetry: Telemetry,
    backlog: Backlog,
) -> OutboxRelay:
    def on_depth(depth: Depth) -> None:
        telemetry.instruments.outbox_pending.set(depth.records)
        telemetry.instruments.outbox_oldest_age.set(depth.oldest_seconds)
        backlog.note(depth)

    return OutboxRelay(
        Outbox(outbox_tables),
        database,
        bus.producer,
        retention=settings.outbox_retention,
        observer=observe(identity, settings, telemetry),
        on_depth=on_depth,
    )


def build_resources(
    settings: OrchestratorSettings,
    database: Database,
    relay: OutboxRelay,
    bus: KafkaEventBus,
    identity: ServiceIdentity,
    telemetry: Telemetry,
    *,
    tools: Iterable[Tool] = BUILT_IN,
) -> Resources:
    """Return what the work on turns needs, with the agents of the file that the settings name."""
    models = ModelClients(
        settings.providers,
        breaker=settings.breaker(),
        on_breaker=lambda each: telemetry.instruments.llm_breaker_state.track(
            lambda: each.state, {"model": each.model}
        ),
    )
    agents = _agents(settings, models, ToolRegistry(tools))
    # The names of these variables are in the file, so no class of settings knows them.
    mcp = McpServers(agents.mcp_servers, os.environ)  # noqa: TID251
    registry = ToolRegistry([*tools, *mcp.tools])
    toolboxes = Toolboxes(registry, agents.client_tools)
    feed = SessionFeed(database, channel=relay.outbox.tables.channel, capacity=settings.max_streams)
    return Resources(
        settings=settings,
        owner=identity.instance,
        work=UnitOfWork(
            database,
            relay.outbox,
            relay,
            topics=bus.topics,
            clock=SystemClock(),
            on_commit=feed.tell,
        ),
        agents=agents,
        models=models,
        tools=registry,
        toolboxes=toolboxes,
        workspaces=Workspaces(settings.workspace_root),
        budgets=Budgets(agents, toolboxes, assumed_output_tokens=settings.assumed_output_tokens),
        mcp=mcp,
        feed=feed,
        telemetry=telemetry,
        attempts=Attempts(
            policy=settings.retry.policy(), longest_wait=settings.model_max_retry_after
        ),
    )


def _agents(
    settings: OrchestratorSettings, models: ModelClients, tools: ToolRegistry
) -> AgentCatalogue:
    agents = load_catalogue(
        settings.agents_file,
        tools=tools.arguments,
        default_model=settings.providers.agent_model,
    )
    for agent in agents.all():
        for model in agent.models:
            models.get(model)
    if any(agent.commands for agent in agents.all()):
        hide_own_environment()
    return agents


def _commands(
    resources: Resources, engine: TurnEngine, replay_outbox: ReplayOutboxHandler
) -> Commands:
    send_message = SendMessageHandler(resources, engine)
    return Commands(
        create_session=CreateSessionHandler(resources.work, resources.agents, resources.toolboxes),
        send_message=send_message,
        fork_session=ForkSessionHandler(resources, send_message, engine),
        switch_agent=SwitchAgentHandler(resources.work, resources.agents),
        decide_approval=DecideApprovalHandler(resources, engine),
        end_session=EndSessionHandler(resources, engine),
        erase_session=EraseSessionHandler(resources),
        cancel_turns=CancelTurnsHandler(resources, engine),
        pause_session=PauseSessionHandler(resources.work, engine),
        give_tool_result=GiveToolResultHandler(resources, engine),
        replay_outbox=replay_outbox,
    )
