# SPDX-License-Identifier: Apache-2.0
"""``python -m deploy.compose.env_file``: write ``.env`` with a new secret for everything.

It runs before anything is installed, with nothing but the standard library. What is in the file
already stays, so that it can be run after an upgrade to add what is new.
"""

import base64
import os
import secrets
import sys
from pathlib import Path

from deploy.embedded.passwords import new_password

PRIVATE = 0o600
SECRETS = (
    "POSTGRES_PASSWORD",
    "ORCHESTRATOR_DB_PASSWORD",
    "PERSISTENCE_DB_PASSWORD",
    "AUDIT_DB_PASSWORD",
    "DEAD_LETTERS_DB_PASSWORD",
    "VALKEY_PASSWORD",
    "GRAFANA_ADMIN_PASSWORD",
)
CLUSTER_ID = "KAFKA_CLUSTER_ID"

_HEAD = """\
# Read by docker compose; written by `make env`, which never changes a line. Keep it to yourself.
# Further variables are in .env.example: AGENT_MODEL, OPENAI_API_KEY, ANTHROPIC_API_KEY and more.

"""


def main() -> None:
    """Write the file and say what was added."""
    path = Path(sys.argv[1] if sys.argv[1:] else ".env")
    added = complete(path)
    what = f"added {', '.join(added)}" if added else "nothing was missing"
    sys.stdout.write(f"{path}: {what}\n")


def complete(path: Path) -> list[str]:
    """Add to the file every variable that it lacks, and return their names.

    Nobody but its owner may read the file afterwards.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, PRIVATE)
    with os.fdopen(descriptor, "r+", encoding="utf-8") as file:
        os.fchmod(descriptor, PRIVATE)
        text = file.read()
        missing = [name for name in (*SECRETS, CLUSTER_ID) if name not in _names(text)]
        if missing:
            file.write(_joint(text) + "".join(f"{name}={_new(name)}\n" for name in missing))
    return missing


def _names(text: str) -> set[str]:
    lines = (line.strip() for line in text.splitlines())
    assignments = (line.removeprefix("export ").partition("=") for line in lines)
    return {name.strip() for name, equals, value in assignments if equals and value.strip()}


def _joint(text: str) -> str:
    if not text:
        return _HEAD
    return "" if text.endswith("\n") else "\n"


def _new(name: str) -> str:
    return _new_cluster_id() if name == CLUSTER_ID else new_password()


def _new_cluster_id() -> str:
    """Return an id as Kafka makes them: 16 random bytes that do not begin with a hyphen."""
    while True:
        made = base64.urlsafe_b64encode(secrets.token_bytes(16)).decode().rstrip("=")
        if not made.startswith("-"):
            return made


if __name__ == "__main__":
    main()
