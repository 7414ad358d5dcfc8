# SPDX-License-Identifier: Apache-2.0
"""All endpoints, over the command handlers."""

from dataclasses import dataclass

from fastapi import APIRouter

from services.orchestrator.api.accepting import accepting
from services.orchestrator.api.agents import agents_router
from services.orchestrator.api.approvals import approvals_router
from services.orchestrator.api.erasing import erasing_router
from services.orchestrator.api.events import events_router
from services.orchestrator.api.forks import forks_router
from services.orchestrator.api.messages import messages_router
from services.orchestrator.api.outbox import outbox_router
from services.orchestrator.api.sessions import sessions_router
from services.orchestrator.api.steering import steering_router
from services.orchestrator.api.tool_results import tool_results_router
from services.orchestrator.api.turns import turns_router
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
from services.orchestrator.turns.finished import FinishedTurns
from services.orchestrator.turns.resources import Resources
from shared.outbox.backlog import Backlog


@dataclass(frozen=True, slots=True, kw_only=True)
class Commands:
    """The handlers of all commands."""

    create_session: CreateSessionHandler
    send_message: SendMessageHandler
    fork_session: ForkSessionHandler
    switch_agent: SwitchAgentHandler
    decide_approval: DecideApprovalHandler
    end_session: EndSessionHandler
    erase_session: EraseSessionHandler
    cancel_turns: CancelTurnsHandler
    pause_session: PauseSessionHandler
    give_tool_result: GiveToolResultHandler
    replay_outbox: ReplayOutboxHandler


def build_router(
    commands: Commands, resources: Resources, finished: FinishedTurns, backlog: Backlog
) -> APIRouter:
    """Return the endpoints of the orchestrator."""
    accept = accepting(backlog)
    database = resources.work.database
    router = APIRouter(prefix="/v1")
    router.include_router(
        sessions_router(
            database,
            commands.create_session,
            commands.switch_agent,
            commands.end_session,
            accept=accept,
        )
    )
    router.include_router(
        messages_router(
            database,
            commands.send_message,
            finished,
            resources.feed,
            max_length=resources.settings.max_message_length,
            accept=accept,
        )
    )
    router.include_router(turns_router(database, finished))
    router.include_router(events_router(database, resources.feed))
    router.include_router(
        forks_router(
            database,
            commands.fork_session,
            max_length=resources.settings.max_message_length,
            accept=accept,
        )
    )
    router.include_router(steering_router(commands.cancel_turns, commands.pause_session))
    router.include_router(erasing_router(commands.erase_session))
    router.include_router(approvals_router(database, commands.decide_approval))
    router.include_router(tool_results_router(commands.give_tool_result))
    router.include_router(agents_router(resources.agents))
    router.include_router(
        outbox_router(
            database, commands.replay_outbox, retention=resources.settings.outbox_retention
        )
    )
    return router
