# SPDX-License-Identifier: Apache-2.0
"""Passwords that nobody has to choose: random, and readable by their owner only."""

import os
import secrets
from pathlib import Path


def new_password() -> str:
    """Return a random password that needs no quoting in URLs, files and SQL."""
    return secrets.token_urlsafe(24)


def kept_password(path: Path) -> str:
    """Return the password kept in ``path``, which is made the first time, with mode 0600."""
    if not path.exists():
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(new_password())
    return path.read_text()
