# SPDX-License-Identifier: Apache-2.0
"""The dead letters of a run, at the desk and over HTTP."""

import base64
from collections import Counter
from collections.abc import Mapping
from typing import Any

from shared.events import TaskCompleted
from tests.support.chaos.accounts import Clients
from tests.support.chaos.later_release import VERSION
from tests.support.chaos.poison import Content, readers_of

BY_NATURE = frozenset({"poison", "oversize"})
"""The kinds of what is no event, which no redrive can mend."""

NEW_TYPE = f"agentruntime.domain.{TaskCompleted.name()}.v{VERSION}"
"""What only the later release can read."""

OPERATOR = {"operator": "chaos", "reason": "what was broken is mended"}


def is_hopeless(letter: Mapping[str, Any]) -> bool:
    """Tell whether no redrive can mend what failed."""
    return letter["kind"] in BY_NATURE and letter["event_type"] != NEW_TYPE


async def letters(clients: Clients, **filters: Any) -> list[dict[str, Any]]:
    """Return all letters that match, as far as the desk answers."""
    found: list[dict[str, Any]] = []
    following: dict[str, Any] = {}
    while True:
        page = await clients.find(
            "dead_letters", "/v1/dead-letters", limit=500, **filters, **following
        )
        if page is None:
            return []
        found += page["items"]
        if page["next"] is None:
            return found
        following = {"cursor": page["next"]}


class Contents:
    """What the letters of poison hold; each is asked for once, as it never changes."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients
        self._known: dict[str, tuple[str, Content]] = {}

    async def found(self) -> Counter[tuple[str, Content]]:
        """Return what they hold for each service that gave up on it, as far as there are any."""
        for letter in await letters(self._clients):
            if is_hopeless(letter) and letter["id"] not in self._known:
                path = f"/v1/dead-letters/{letter['id']}"
                whole = await self._clients.find("dead_letters", path)
                if whole:
                    self._known[letter["id"]] = letter["service"], _content(whole)
        return Counter(self._known.values())


def missing(wanted: Mapping[str, Content], found: Counter[tuple[str, Content]]) -> list[str]:
    """Return a sentence for each reader that has not exactly one letter of a record."""
    problems: list[str] = []
    for name, content in wanted.items():
        for service in readers_of(name):
            count = sum(
                number
                for (whose, held), number in found.items()
                if whose == service and _same(held, content)
            )
            if count != 1:
                problems.append(f"{service} has {count} letters of the poison {name!r}")
    return problems


def _same(held: Content, content: Content) -> bool:
    start = held.headers[: len(content.headers)]
    return (held.key, held.value, start) == (content.key, content.value, content.headers)


def _content(letter: Mapping[str, Any]) -> Content:
    return Content(
        key=_bytes(letter["key"]),
        value=_bytes(letter["body"]),
        headers=tuple(
            (each["name"], None if each["base64"] is None else base64.b64decode(each["base64"]))
            for each in letter["headers"]
        ),
    )


def _bytes(view: Mapping[str, Any] | None) -> bytes | None:
    return None if view is None else base64.b64decode(view["base64"])


async def redrive_all(clients: Clients) -> int:
    """Send back every letter that a redrive may mend; return how many there were."""
    waiting = [
        letter
        for status in ("open", "parked")
        for letter in await letters(clients, status=status)
        if not is_hopeless(letter)
    ]
    for letter in reversed(waiting):
        await clients.post("dead_letters", f"/v1/dead-letters/{letter['id']}/redrive", OPERATOR)
    return len(waiting)
