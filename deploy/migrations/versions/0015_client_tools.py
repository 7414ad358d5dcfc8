# SPDX-License-Identifier: Apache-2.0
"""Tools that clients run: declared with sessions and messages, and answered in time."""

from alembic import op

revision = "0015"
down_revision = "0014"

CHANGES = (
    "sessions ADD COLUMN client_tools JSON",
    "turns ADD COLUMN client_tools JSON",
    "effects ADD COLUMN expires_at TIMESTAMP WITH TIME ZONE",
    "effects ADD COLUMN answer_digest TEXT",
)


def upgrade() -> None:
    for change in CHANGES:
        op.execute(f"ALTER TABLE orchestrator.{change}")
    op.execute(
        "CREATE INDEX effects_with_client ON orchestrator.effects (expires_at)"
        " WHERE state = 'with_client'"
    )
    op.execute("CREATE INDEX effects_of_session ON orchestrator.effects (session_id, call_id)")


def downgrade() -> None:
    op.execute("DROP INDEX orchestrator.effects_of_session")
    op.execute("DROP INDEX orchestrator.effects_with_client")
    for change in reversed(CHANGES):
        table, _, rest = change.partition(" ADD COLUMN ")
        op.execute(f"ALTER TABLE orchestrator.{table} DROP COLUMN {rest.partition(' ')[0]}")
