# SPDX-License-Identifier: Apache-2.0
"""How a command gets to the services."""

from pydantic import ValidationError

from services.agentctl.client import Services
from services.agentctl.errors import CommandError
from services.agentctl.settings import AgentctlSettings
from shared.settings import explain


def connect() -> Services:
    """Return the services, where the environment says that they are.

    Raises:
        CommandError: the environment says nothing that could be used.
    """
    try:
        return Services(AgentctlSettings())
    except ValidationError as error:
        raise CommandError(str(explain(error))) from error
