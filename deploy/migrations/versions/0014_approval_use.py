# SPDX-License-Identifier: Apache-2.0
"""An approval is used up once and follows work that is handed on; leases are told apart."""

from alembic import op

revision = "0014"
down_revision = "0013"

CHANGES = (
    "approvals ADD COLUMN kind TEXT DEFAULT 'call' NOT NULL",
    "approvals ADD COLUMN requested_by TEXT",
    "approvals ADD COLUMN decided_digest TEXT",
    "approvals ADD COLUMN consumed_at TIMESTAMP WITH TIME ZONE",
    "sessions ADD COLUMN delegated_by JSON DEFAULT '[]' NOT NULL",
    "turns ADD COLUMN lease_number INTEGER DEFAULT 0 NOT NULL",
    "turns ADD COLUMN delegated_by JSON DEFAULT '[]' NOT NULL",
)


def upgrade() -> None:
    for change in CHANGES:
        op.execute(f"ALTER TABLE orchestrator.{change}")
    op.execute("CREATE INDEX approvals_of_effect ON orchestrator.approvals (effect_id)")


def downgrade() -> None:
    op.execute("DROP INDEX orchestrator.approvals_of_effect")
    for change in reversed(CHANGES):
        table, _, rest = change.partition(" ADD COLUMN ")
        op.execute(f"ALTER TABLE orchestrator.{table} DROP COLUMN {rest.partition(' ')[0]}")
