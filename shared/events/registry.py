# SPDX-License-Identifier: Apache-2.0
"""Which class reads which type and version, and how old versions become current ones."""

import re
from collections.abc import Callable, Iterator
from typing import Any

from shared.errors import DecodingError, DecodingProblem
from shared.events.base import NAMESPACE, Event

Upcaster = Callable[[dict[str, Any]], dict[str, Any]]
"""Takes the payload of one version and returns the payload of the next."""

_TYPE = re.compile(
    rf"{NAMESPACE}\.(?P<stem>(?:domain|infrastructure)\.[a-z0-9_]+)\.v(?P<version>[1-9]\d{{0,3}})"
)


class FutureVersionError(DecodingError):
    """The record holds an event that is known, in a version that a later release writes."""

    def __init__(self, event_class: type[Event], type_name: str) -> None:
        super().__init__(
            DecodingProblem.FUTURE_VERSION,
            f"{type_name!r} is newer than version {event_class.version}, the latest known here",
        )
        self.event_class = event_class


class EventRegistry:
    """The catalogue of the events that can be read."""

    def __init__(self) -> None:
        self._classes: dict[str, type[Event]] = {}
        self._upcasters: dict[tuple[str, int], Upcaster] = {}
        self._resolved: dict[str, tuple[type[Event], list[Upcaster]]] = {}

    def __iter__(self) -> Iterator[type[Event]]:
        return iter(self._classes.values())

    def register(self, event_class: type[Event]) -> type[Event]:
        """Add a class at its current version; a name can be taken once."""
        stem = _stem(event_class)
        if stem in self._classes:
            raise ValueError(f"{stem} is registered already, by {self._classes[stem].__name__}")
        self._classes[stem] = event_class
        self._resolved.clear()
        return event_class

    def upcaster(
        self, event_class: type[Event], *, from_version: int
    ) -> Callable[[Upcaster], Upcaster]:
        """Register the decorated function as the step from ``from_version`` to the next."""

        def register(upcaster: Upcaster) -> Upcaster:
            self._upcasters[_stem(event_class), from_version] = upcaster
            self._resolved.clear()
            return upcaster

        return register

    def resolve(self, type_name: str) -> tuple[type[Event], list[Upcaster]]:
        """Return the class that reads ``type_name`` and the steps to bring its payload up to date.

        Raises:
            FutureVersionError: its version is newer than this program.
            DecodingError: the type is unknown, or a step from its version is missing.
        """
        found = self._resolved.get(type_name)
        if found is None:
            found = self._resolved[type_name] = self._resolve(type_name)
        return found

    def _resolve(self, type_name: str) -> tuple[type[Event], list[Upcaster]]:
        match = _TYPE.fullmatch(type_name)
        event_class = self._classes.get(match["stem"]) if match else None
        if match is None or event_class is None:
            raise DecodingError(
                DecodingProblem.UNKNOWN_TYPE, f"no event has the type {type_name!r}"
            )
        version = int(match["version"])
        if version > event_class.version:
            raise FutureVersionError(event_class, type_name)
        return event_class, [
            self._step(match["stem"], older) for older in range(version, event_class.version)
        ]

    def _step(self, stem: str, version: int) -> Upcaster:
        try:
            return self._upcasters[stem, version]
        except KeyError:
            raise DecodingError(
                DecodingProblem.UNKNOWN_TYPE, f"nothing reads version {version} of {stem} any more"
            ) from None


def _stem(event_class: type[Event]) -> str:
    return f"{event_class.level}.{event_class.name()}"
