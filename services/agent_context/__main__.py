# SPDX-License-Identifier: Apache-2.0
"""Runs the agent context service: ``python -m services.agent_context``."""

from services.agent_context.app import DEFAULT_PORT, NAME, create_app
from shared.service import run

if __name__ == "__main__":
    run(NAME, create_app, default_port=DEFAULT_PORT)
