# SPDX-License-Identifier: Apache-2.0
"""Runs the service: ``python -m services.persistence``."""

from services.persistence.app import DEFAULT_PORT, NAME, create_app
from shared.service import run

if __name__ == "__main__":
    run(NAME, create_app, default_port=DEFAULT_PORT)
