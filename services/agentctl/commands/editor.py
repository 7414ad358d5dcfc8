# SPDX-License-Identifier: Apache-2.0
"""Has a person change a text in the editor of their choice."""

import os
import shlex
import subprocess
import tempfile
from pathlib import Path

from services.agentctl.errors import CommandError

VARIABLES = ("VISUAL", "EDITOR")


def edited(text: str, *, suffix: str) -> str:
    """Return the text as the person leaves it.

    Raises:
        CommandError: no editor is named, or it fails, or nothing was changed.
    """
    command = _editor()
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / f"edit{suffix}"
        file.write_text(text, "utf-8")
        try:
            subprocess.run([*command, str(file)], check=True)  # noqa: S603 -- the person's own
        except (OSError, subprocess.CalledProcessError) as error:
            raise CommandError(f"the editor failed: {error}") from error
        found = file.read_text("utf-8", "replace")
    if found == text:
        raise CommandError("nothing was changed")
    return found


def _editor() -> list[str]:
    for name in VARIABLES:
        value = os.environ.get(name)  # noqa: TID251 -- as every program asks for an editor
        if value:
            return shlex.split(value)
    raise CommandError("name an editor in EDITOR, or give the event with --payload")
