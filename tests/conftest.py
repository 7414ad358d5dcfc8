# SPDX-License-Identifier: Apache-2.0
"""Fixtures for all tests; shared helpers live in tests.support."""

pytest_plugins = ["tests.support.servers"]
