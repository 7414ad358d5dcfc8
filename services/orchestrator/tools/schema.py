# SPDX-License-Identifier: Apache-2.0
"""Arguments that somebody else's JSON Schema describes."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, cast

import jsonschema.validators
import re2  # type: ignore[import-untyped]
import referencing
from jsonschema import Draft202012Validator, ValidationError
from jsonschema.exceptions import SchemaError
from pydantic_core import from_json, to_json
from referencing.exceptions import Unresolvable

from services.orchestrator.tools.arguments import JsonObject, canonical_arguments
from services.orchestrator.tools.errors import ToolError

_re2: Any = re2
_referencing: Any = referencing


def checked(arguments: object, schema: Mapping[str, object], *, tool: str) -> JsonObject:
    """Return the arguments as an object that fits to the schema.

    Raises:
        ToolError: they do not; the message says where.
    """
    given = _object(arguments, tool)
    canonical_arguments(given)
    try:
        problems = list(_validator(to_json(schema)).iter_errors(given))[:3]
    except (Unresolvable, RecursionError) as error:
        raise ToolError(f"{tool}: what it takes cannot be checked: {error}") from None
    if problems:
        raise ToolError(f"{tool}: {'; '.join(map(_said, problems))}")
    return given


def require_object_schema(schema: Mapping[str, object]) -> None:
    """Return if a schema describes objects.

    Raises:
        ValueError: it is none, or describes something else.
    """
    try:
        Draft202012Validator.check_schema(dict(schema))
    except SchemaError as error:
        raise ValueError(f"this is no JSON Schema: {error.message[:200]}") from None
    if schema.get("type") != "object":
        raise ValueError("the schema has to be of type object")


def _object(arguments: object, tool: str) -> dict[str, object]:
    try:
        given = from_json(arguments or "{}") if isinstance(arguments, str | bytes) else arguments
    except ValueError as error:
        raise ToolError(f"{tool}: the arguments are no JSON: {error}") from None
    if not isinstance(given, dict):
        raise ToolError(f"{tool}: the arguments have to be an object")
    return cast("dict[str, object]", given)


def _pattern(
    _validator: object, pattern: str, instance: object, _schema: object
) -> Iterator[ValidationError]:
    """Match in linear time; what RE2 does not know is left for the tool to check."""
    if not isinstance(instance, str):
        return
    try:
        matches = _re2.search(pattern, instance)
    except _re2.error:
        return
    if not matches:
        yield ValidationError(f"it does not match {pattern!r}")


_validators: Any = jsonschema.validators
_Validator: Any = _validators.extend(
    Draft202012Validator, {"pattern": _pattern, "patternProperties": None}
)


@lru_cache(maxsize=500)
def _validator(schema: bytes) -> Any:
    """Return what checks by a schema; references lead into it and nowhere else."""
    return _Validator(from_json(schema), registry=_referencing.Registry())


def _said(problem: ValidationError) -> str:
    where = ".".join(map(str, problem.absolute_path))
    message = problem.message[:200]
    return f"{where}: {message}" if where else message
