# SPDX-License-Identifier: Apache-2.0
"""YAML, read strictly."""

from collections.abc import Hashable
from typing import Any, cast

import yaml

from shared.errors import ConfigurationError

_LIMIT = 256 * 1024


class _StrictLoader(yaml.SafeLoader):
    """Plain data only; a key written twice is an error, where YAML would keep the last one."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        keys = [str(key.value) for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        twice = {key for key in keys if keys.count(key) > 1}
        if twice:
            raise yaml.constructor.ConstructorError(
                problem=f"{min(twice)!r} is written twice", problem_mark=node.start_mark
            )
        return super().construct_mapping(node, deep=deep)


def parse_document(text: str, *, name: str) -> dict[str, Any]:
    """Return the mapping that a YAML text holds.

    Raises:
        ConfigurationError: it is too large, no YAML, or no mapping; the message says where.
    """
    if len(text) > _LIMIT:
        raise ConfigurationError(f"{name}: the file is larger than {_LIMIT} characters")
    try:
        document = yaml.load(text, Loader=_StrictLoader)  # noqa: S506 -- built on SafeLoader
    except (yaml.YAMLError, RecursionError) as error:
        raise ConfigurationError(f"{name}: {_where(error)}") from None
    if not isinstance(document, dict):
        raise ConfigurationError(f"{name}: write a mapping with the key 'agents'")
    return cast("dict[str, Any]", document)


def _where(error: yaml.YAMLError | RecursionError) -> str:
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        return "this is no YAML that can be read"
    mark = error.problem_mark
    return f"line {mark.line + 1}, column {mark.column + 1}: {error.problem}"
