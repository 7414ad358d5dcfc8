# SPDX-License-Identifier: Apache-2.0
"""How a service serves HTTP."""

from datetime import timedelta

from fastapi import FastAPI

from shared.service import server_config
from shared.settings import HttpSettings


def test_idle_connections_are_kept_as_long_as_is_set() -> None:
    """Safeguard: uvicorn's own 5 s would cut a gateway's idle connection as it sends a request."""
    config = server_config(FastAPI(), HttpSettings(keep_alive=timedelta(seconds=90)), 8000)

    assert config.timeout_keep_alive == 90
    assert HttpSettings().keep_alive > timedelta(seconds=60)
