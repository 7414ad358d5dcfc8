# SPDX-License-Identifier: Apache-2.0
"""Where turns and steps are among the events, so that a session can be forked at any of them."""

from alembic import op

revision = "0010"
down_revision = "0009"

ADDED = {
    "sessions": {"model": "TEXT", "forked_from": "TEXT", "fork": "JSON"},
    "turns": {"model": "TEXT", "last_sequence": "BIGINT"},
    "steps": {"sequence": "BIGINT"},
}


def upgrade() -> None:
    for table, columns in ADDED.items():
        for name, kind in columns.items():
            op.execute(f"ALTER TABLE orchestrator.{table} ADD COLUMN {name} {kind}")
    op.execute(
        "CREATE INDEX sessions_forked_from ON orchestrator.sessions (forked_from)"
        " WHERE forked_from IS NOT NULL"
    )


def downgrade() -> None:
    for table, columns in ADDED.items():
        for name in columns:
            op.execute(f"ALTER TABLE orchestrator.{table} DROP COLUMN {name}")
