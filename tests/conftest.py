# SPDX-License-Identifier: Apache-2.0
"""Fixtures for all tests; shared helpers live in tests.support."""

from typing import Any

import pytest
from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.support.servers"]

# A machine that is busy with something else makes no test fail.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let a person have more tries than ``make test`` has time for."""
    parser.addoption("--kill-seeds", type=int, default=6, help="how often replicas are killed")
    parser.addoption("--sessions", type=int, default=12, help="how many there are at once")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Try each seed on its own, so that one that fails is known by its number."""
    if "kill_seed" in metafunc.fixturenames:
        seeds: Any = metafunc.config.getoption("--kill-seeds")
        metafunc.parametrize("kill_seed", range(seeds))
