# SPDX-License-Identifier: Apache-2.0
"""A program that knows a newer version of an event than the one that wrote it."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from shared.events import Event, registry


@contextmanager
def later_version(event_class: type[Event]) -> Generator[None]:
    """Be a later release meanwhile, whose version of the event means the same."""
    before = event_class.version
    registry.upcaster(event_class, from_version=before)(_same)
    event_class.version = before + 1
    try:
        yield
    finally:
        event_class.version = before


def _same(payload: dict[str, Any]) -> dict[str, Any]:
    return payload
