# SPDX-License-Identifier: Apache-2.0
"""JSON Schemas that come over HTTP, kept to what can be checked quickly, whatever is in them.

References that lead in a circle, or each to two others, make a few lines take for ever, and the
names of properties would be matched by an engine that can be kept busy.
"""

from collections.abc import Mapping
from typing import Any, cast

from services.orchestrator.tools.arguments import canonical_arguments
from services.orchestrator.tools.errors import ToolError
from services.orchestrator.tools.schema import require_object_schema

MAX_BYTES = 16 * 1024
MAX_NODES = 5000
"""How large a schema may be once every reference is replaced by what it leads to."""

MAX_DEPTH = 50

REFUSED = ("patternProperties", "$dynamicRef", "$dynamicAnchor", "$recursiveRef", "$anchor", "$id")


def require_plain_schema(schema: Mapping[str, object]) -> None:
    """Return if a schema describes objects and can be checked quickly.

    Raises:
        ValueError: it cannot be used; the message says why.
    """
    try:
        size = len(canonical_arguments(schema))
    except ToolError as error:
        raise ValueError(str(error)) from None
    if size > MAX_BYTES:
        raise ValueError(f"the schema has {size} bytes, {MAX_BYTES} are the most")
    _Expansion(schema).size(schema)
    require_object_schema(schema)


class _Expansion:
    """Measures a schema with every reference replaced, without replacing any."""

    def __init__(self, schema: Mapping[str, object]) -> None:
        self._root = schema
        self._known: dict[str, int] = {}
        self._open: set[str] = set()

    def size(self, node: object, depth: int = 0) -> int:
        """Return how many parts there are.

        Raises:
            ValueError: there are too many, or some that are not for use.
        """
        if depth > MAX_DEPTH:
            raise ValueError(f"the schema is nested more than {MAX_DEPTH} deep")
        total = 1
        if isinstance(node, list):
            total += sum(self.size(each, depth + 1) for each in cast("list[object]", node))
        elif isinstance(node, Mapping):
            for key, value in cast("Mapping[str, object]", node).items():
                total += self._entry(key, value, depth + 1)
        if total > MAX_NODES:
            raise ValueError(f"with its references the schema has more than {MAX_NODES} parts")
        return total

    def _entry(self, key: str, value: object, depth: int) -> int:
        if key in REFUSED:
            raise ValueError(f"{key!r} cannot be used in a schema")
        if key == "$ref" and isinstance(value, str):
            return self._reference(value, depth)
        return self.size(value, depth)

    def _reference(self, pointer: str, depth: int) -> int:
        if pointer in self._open:
            raise ValueError(f"the reference {pointer!r} leads back to itself")
        if pointer not in self._known:
            self._open.add(pointer)
            self._known[pointer] = self.size(self._target(pointer), depth)
            self._open.discard(pointer)
        return self._known[pointer]

    def _target(self, pointer: str) -> object:
        if not pointer.startswith("#/"):
            raise ValueError(f"the reference {pointer!r} does not lead into the schema itself")
        node: Any = self._root
        for part in pointer[2:].split("/"):
            name = part.replace("~1", "/").replace("~0", "~")
            if not isinstance(node, dict) or name not in node:
                raise ValueError(f"the reference {pointer!r} leads nowhere")
            node = cast("dict[str, Any]", node)[name]
        return node
