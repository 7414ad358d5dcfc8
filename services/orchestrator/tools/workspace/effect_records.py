# SPDX-License-Identifier: Apache-2.0
"""What a tool notes beside the workspace, so that a repeated call sees what was already done."""

import hashlib
import json
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from services.orchestrator.tools.workspace.directory import (
    create_regular,
    opened_directory,
    read_regular,
)

_LIMIT = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectRecord:
    """What a file holds once the effect took place, and what the call then says."""

    digest: str
    result: str


class EffectRecords:
    """One note per effect, written before the effect takes place.

    After a crash the note tells a repeated call which case it is in: the file has the noted
    content, so the effect took place; or it has not, so it did not. Turns of a session never
    overlap, so nobody else changed the file in between.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def note(self, effect_id: UUID, record: EffectRecord) -> None:
        """Keep ``record`` for the effect, in place of an earlier one."""
        content = json.dumps({"digest": record.digest, "result": record.result}).encode()
        with opened_directory(self._directory, ()) as directory:
            with suppress(FileNotFoundError):
                os.unlink(str(effect_id), dir_fd=directory)
            create_regular(str(effect_id), content, directory=directory, mode=0o600)

    def find(self, effect_id: UUID) -> EffectRecord | None:
        """Return what was noted for the effect; a note that a crash cut short counts as none."""
        try:
            with opened_directory(self._directory, ()) as directory:
                content = read_regular(str(effect_id), directory=directory, limit=_LIMIT)
            return EffectRecord(**json.loads(content))
        except (FileNotFoundError, ValueError):
            return None


def content_digest(content: bytes) -> str:
    """Return the SHA-256 of what a file holds, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()
