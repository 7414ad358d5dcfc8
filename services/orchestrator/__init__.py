# SPDX-License-Identifier: Apache-2.0
"""The orchestrator: takes messages to sessions, and has agents answer them.

Purpose: a message that was accepted is answered. Sessions, durable turns, agents, tools, approvals
    and budgets.
Consumes: ``AgentSwitchRequested``, ``ConversationCompleted`` and ``SessionExpired``, to act on what
    it decided earlier; HTTP requests from clients.
Produces: every domain event of a session, the infrastructure events that say how it went, and
    ``OutboxReplayed``.
Owns: the schema ``orchestrator`` in PostgreSQL (sessions, turns, effects, outbox), the workspaces
    of the sessions on disk, and ``agents.yaml``.
"""
