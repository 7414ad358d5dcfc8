# SPDX-License-Identifier: Apache-2.0
"""``python -m services.orchestrator``."""

from services.orchestrator.app import create_app
from shared.service import run

if __name__ == "__main__":
    run("orchestrator", create_app, default_port=8000)
