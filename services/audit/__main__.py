# SPDX-License-Identifier: Apache-2.0
"""Runs the audit service: ``python -m services.audit``."""

from services.audit.app import DEFAULT_PORT, NAME, create_app
from shared.service import run

if __name__ == "__main__":
    run(NAME, create_app, default_port=DEFAULT_PORT)
