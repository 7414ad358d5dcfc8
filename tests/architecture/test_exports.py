# SPDX-License-Identifier: Apache-2.0
"""What other packages may rely on; a change here is a change that somebody notices."""

import importlib

import pytest

EXPORTS = {
    "shared.http": {"Problem", "install_problems"},
    "shared.messaging": {
        "BusStats",
        "Delivery",
        "EventBus",
        "Handler",
        "InProcessEventBus",
        "KafkaEventBus",
        "Middleware",
        "OutgoingRecord",
        "Record",
        "Selector",
        "Sink",
        "decode",
        "deliver",
        "encode",
    },
    "shared.outbox": {"Outbox", "OutboxRelay", "OutboxTables", "outbox_tables"},
}


@pytest.mark.parametrize("package", EXPORTS)
def test_a_package_exports_exactly_what_was_promised(package: str) -> None:
    assert set(importlib.import_module(package).__all__) == EXPORTS[package]


@pytest.mark.parametrize(
    "package",
    ["shared.events", "shared.eventstore", "shared.telemetry", *EXPORTS],
)
def test_exported_names_exist_and_are_sorted(package: str) -> None:
    module = importlib.import_module(package)

    assert all(hasattr(module, name) for name in module.__all__)
    assert list(module.__all__) == sorted(module.__all__)
