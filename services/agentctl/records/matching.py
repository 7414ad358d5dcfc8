# SPDX-License-Identifier: Apache-2.0
"""Which records are wanted."""

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Self

from services.agentctl.errors import CommandError
from shared.messaging import Delivery, headers as names


@dataclass(frozen=True, slots=True)
class HeaderMatch:
    """A header that has to be there; with a value, one of that name has to have it."""

    name: str
    value: str | None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return what ``name`` or ``name=value`` asks for.

        Raises:
            CommandError: there is no name.
        """
        name, equals, value = text.partition("=")
        if not name:
            raise CommandError(f"{text!r} is no header such as ce_type or ce_type=…")
        return cls(name, value if equals else None)

    def holds(self, headers: names.Headers) -> bool:
        """Tell whether the header is there."""
        found = [value for name, value in headers if name == self.name]
        if self.value is None:
            return bool(found)
        return self.value.encode() in found


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a record has to have; what is not asked for may be anything.

    ``types`` are names such as ``message_received``, full CloudEvents types, or patterns with ``*``
    of either.
    """

    session: str | None = None
    types: Sequence[str] = ()
    level: str | None = None
    correlation: str | None = None
    headers: Sequence[HeaderMatch] = ()

    def holds(self, delivery: Delivery) -> bool:
        """Tell whether a record is wanted; undecodable ones are matched by their headers."""
        record = delivery.record
        read = names.readable(record.headers)
        full_type = read.get(names.TYPE, "")
        return (
            self.session in (None, *_sessions(delivery))
            and self.level in (None, _level(full_type))
            and self.correlation in (None, read.get(names.CORRELATION_ID))
            and (not self.types or any(_is_type(full_type, each) for each in self.types))
            and all(header.holds(record.headers) for header in self.headers)
        )


def short_type(full_type: str) -> str:
    """Return the name in ``agentruntime.<level>.<name>.v<version>``, or another type as it is."""
    parts = full_type.split(".")
    return parts[2] if len(parts) == 4 and parts[0] == "agentruntime" else full_type


def _level(full_type: str) -> str:
    parts = full_type.split(".")
    return parts[1] if len(parts) > 1 else ""


def _is_type(full_type: str, pattern: str) -> bool:
    return fnmatchcase(full_type, pattern) or fnmatchcase(short_type(full_type), pattern)


def _sessions(delivery: Delivery) -> set[str]:
    """Return what may name the session: the key, the subject, and the event itself."""
    key = delivery.record.key
    named = {names.readable(delivery.record.headers).get(names.SUBJECT, "")}
    if key is not None:
        named.add(key.decode(errors="replace"))
    if delivery.event and delivery.event.session_id:
        named.add(delivery.event.session_id)
    return named
