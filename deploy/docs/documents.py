# SPDX-License-Identifier: Apache-2.0
"""Which documents there are, where they are, and whether they are current."""

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path

from deploy.docs.compatibility import incompatibilities
from deploy.docs.configuration_page import configuration_page, env_example
from deploy.docs.events_page import events_page
from deploy.docs.schemas import as_json, schema_files
from shared.messaging.asyncapi import asyncapi_document

REPOSITORY = Path(__file__).parents[2]
SCHEMAS = Path("docs/schemas")


def documents() -> dict[Path, str]:
    """Return every generated document by its path in the repository."""
    return {
        Path(".env.example"): env_example(),
        Path("docs/configuration.md"): configuration_page(),
        Path("docs/events.md"): events_page(),
        Path("docs/asyncapi.json"): as_json(asyncapi_document(version=project_version())),
        **{SCHEMAS / name: content for name, content in schema_files().items()},
    }


def project_version() -> str:
    """Return the version that pyproject.toml says."""
    with (REPOSITORY / "pyproject.toml").open("rb") as file:
        return str(tomllib.load(file)["project"]["version"])


def write(root: Path = REPOSITORY) -> list[Path]:
    """Write what is not current and return its paths."""
    outdated = out_of_date(root)
    content = documents()
    for path in outdated:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(content[path], encoding="utf-8")
    return outdated


def out_of_date(root: Path = REPOSITORY) -> list[Path]:
    """Return the paths of the documents that are not what the code says."""
    return [path for path, content in documents().items() if _read(root / path) != content]


def broken_promises(root: Path = REPOSITORY) -> Iterator[str]:
    """Return what changed in a payload that may not change without a new version."""
    for name, content in schema_files().items():
        published = _read(root / SCHEMAS / name)
        if published is not None:
            for problem in incompatibilities(json.loads(published), json.loads(content)):
                yield f"{name.removesuffix('.json')}: {problem}"


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None
