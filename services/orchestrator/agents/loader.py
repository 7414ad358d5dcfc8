# SPDX-License-Identifier: Apache-2.0
"""From ``agents.yaml`` to agents that are known to fit together."""

from collections.abc import Collection, Mapping
from importlib import resources
from pathlib import Path
from typing import Any, cast

from pydantic import ValidationError

from services.orchestrator.agents.catalogue import AgentCatalogue
from services.orchestrator.agents.document import parse_document
from services.orchestrator.agents.fit import misfits
from services.orchestrator.agents.problem import explain
from shared.errors import ConfigurationError

Fields = dict[str, object]


def load_catalogue(
    path: Path | None = None,
    *,
    tools: Mapping[str, Collection[str]],
    default_model: str = "offline",
) -> AgentCatalogue:
    """Return the agents of a file, or of the one that comes with the package.

    Args:
        path: the file; None for the packaged one.
        tools: the names of the arguments of every tool that there is.
        default_model: the model of agents that name none.

    Raises:
        ConfigurationError: one line that names the agent, the field and what to write.
    """
    name, text = _read(path)
    document = parse_document(text, name=name)
    try:
        catalogue = AgentCatalogue.model_validate(_completed(document, default_model))
    except ValidationError as error:
        raise ConfigurationError(f"{name}: {explain(error)}") from None
    known = {**tools, **dict.fromkeys(catalogue.declared_tools), **_arguments(catalogue)}
    for misfit in misfits(catalogue, known):
        raise ConfigurationError(f"{name}: {misfit}")
    return catalogue


def _read(path: Path | None) -> tuple[str, str]:
    if path is None:
        packaged = resources.files("services.orchestrator").joinpath("agents.yaml")
        return "agents.yaml", packaged.read_text("utf-8")
    try:
        return path.name, path.read_text("utf-8")
    except OSError as error:
        raise ConfigurationError(
            f"{path} cannot be read ({error.strerror}); set ORCHESTRATOR_AGENTS_FILE to a file"
        ) from None
    except UnicodeDecodeError:
        raise ConfigurationError(f"{path} is no UTF-8 text") from None


def _completed(document: dict[str, Any], default_model: str) -> dict[str, Any]:
    """Give agents and tools of clients their names and, if one has none, the default model."""
    completed = dict(document)
    for field, defaults in (("agents", {"model": default_model}), ("client_tools", {})):
        given = document.get(field)
        if isinstance(given, dict):
            named = cast("dict[object, object]", given)
            completed[field] = {key: _completed_one(key, named[key], defaults) for key in named}
    return completed


def _completed_one(name: object, fields: object, defaults: Mapping[str, str]) -> object:
    if not isinstance(fields, dict):
        return fields
    written = {key: value for key, value in cast("Fields", fields).items() if value is not None}
    return {**defaults, **written, "name": name}


def _arguments(catalogue: AgentCatalogue) -> dict[str, frozenset[str]]:
    """Return the names of the arguments of the tools that clients run."""
    return {
        name: frozenset(tool.parameters.get("properties", {}))
        for name, tool in catalogue.client_tools.items()
    }
