# SPDX-License-Identifier: Apache-2.0
"""A plugin of pytest that selects the tests for which it matters which broker there is."""

import pytest

BROKERS = {"kafka_settings", "kafka", "own_kafka"}
"""The fixtures that give a broker."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the tests that use no broker."""
    others = [item for item in items if not BROKERS & set(getattr(item, "fixturenames", ()))]
    config.hook.pytest_deselected(items=others)
    items[:] = [item for item in items if item not in others]
