# SPDX-License-Identifier: Apache-2.0
"""Server-sent events, as a reader gets them."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

MEDIA_TYPE = "text/event-stream"


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One event of a stream; only what has an ``id`` can be resumed from."""

    name: str = "message"
    id: int | None = None
    data: str = ""

    @property
    def json(self) -> Any:
        """The data as JSON."""
        return json.loads(self.data)


def parse(lines: Iterable[str]) -> Iterator[Item]:
    """Yield what lines say; comments, which are signs of life, are left out."""
    fields: dict[str, str] = {}
    for line in lines:
        if not line:
            if "data" in fields:
                yield _item(fields)
            fields = {}
            continue
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data" and "data" in fields:
            value = f"{fields['data']}\n{value}"
        fields[name] = value


def _item(fields: dict[str, str]) -> Item:
    id_ = fields.get("id", "")
    return Item(
        name=fields.get("event") or "message",
        id=int(id_) if id_.isdigit() else None,
        data=fields["data"],
    )
