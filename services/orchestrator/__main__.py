# SPDX-License-Identifier: Apache-2.0
"""``python -m services.orchestrator``."""

from services.orchestrator.app import DEFAULT_PORT, NAME, create_app
from shared.service import run

if __name__ == "__main__":
    run(NAME, create_app, default_port=DEFAULT_PORT)
