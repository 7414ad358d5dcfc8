# SPDX-License-Identifier: Apache-2.0
"""Where everything of a running stack is; written to ``stack.json`` for tools."""

import os
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict


class StackAddresses(BaseModel):
    """The addresses of a running stack.

    ``database_urls`` has one entry per role, the superuser being ``postgres``; ``services`` has the
    base URL of each service. The URLs of the servers contain their passwords.
    """

    model_config = ConfigDict(frozen=True)

    pid: int
    kafka_bootstrap_servers: str
    kafka_topic_prefix: str
    database_urls: dict[str, str]
    redis_url: str
    services: dict[str, str]
    state_dir: Path

    def write(self, path: Path) -> None:
        """Put the addresses into ``path``, readable by its owner only; all of them or nothing."""
        draft = path.with_suffix(".draft")
        draft.unlink(missing_ok=True)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(self.model_dump_json(indent=2) + "\n")
        draft.replace(path)

    @classmethod
    def read(cls, path: Path) -> "StackAddresses":
        """Return the addresses that were put into ``path``."""
        return cls.model_validate_json(path.read_bytes())

    def without_secrets(self) -> dict[str, Any]:
        """Return what may be printed."""
        return self.model_dump(mode="json", exclude={"database_urls", "redis_url"})
