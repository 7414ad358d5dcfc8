# SPDX-License-Identifier: Apache-2.0
"""Finds the approval that a command is about."""

from typing import Any

from services.agentctl.client import Services
from services.agentctl.errors import CommandError
from services.agentctl.text import one_line, quoted

ORCHESTRATOR = "orchestrator"


def approval_of(services: Services, session: str, approval: str | None) -> Any:
    """Return an approval of a session; without a name, the only one that is open.

    Raises:
        CommandError: there is none, or it is not clear which one is meant.
    """
    path = f"/v1/sessions/{quoted(session)}/approvals"
    found = services.get(ORCHESTRATOR, path, state=None if approval else "open")
    if approval is None:
        return _only_one(found, session)
    for each in found:
        if each["id"] == approval:
            return each
    raise CommandError(
        f"session {one_line(session)} has no approval {one_line(approval)};"
        " see `agentctl approvals list SESSION`"
    )


def _only_one(found: list[Any], session: str) -> Any:
    if not found:
        raise CommandError(f"nothing in session {one_line(session)} waits for a decision")
    if len(found) > 1:
        names = ", ".join(one_line(each["id"]) for each in found)
        raise CommandError(f"{len(found)} calls wait; name one of them: {names}")
    return found[0]
