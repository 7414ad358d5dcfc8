# SPDX-License-Identifier: Apache-2.0
"""Fixtures for all tests; shared helpers live in tests.support."""

from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.support.servers"]

# A machine that is busy with something else makes no test fail.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")
