# SPDX-License-Identifier: Apache-2.0
"""Files like ``agents.yaml`` with only what a test is about."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

BASE = {"description": "does things", "instructions": "Do things."}


def agents_file(directory: Path, agents: Mapping[str, Mapping[str, Any]], **top: Any) -> Path:
    """Write a file of agents, the first of which is the default; return its path."""
    path = directory / "agents.yaml"
    document = {
        "default_agent": next(iter(agents)),
        "agents": {name: {**BASE, **fields} for name, fields in agents.items()},
        **top,
    }
    path.write_text(yaml.safe_dump(document), "utf-8")
    return path
