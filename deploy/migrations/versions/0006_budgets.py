# SPDX-License-Identifier: Apache-2.0
"""What a session has used, and what it may use, are kept with it."""

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.execute("ALTER TABLE orchestrator.sessions ADD COLUMN usage JSON DEFAULT '{}' NOT NULL")
    op.execute("ALTER TABLE orchestrator.sessions ADD COLUMN budget JSON")


def downgrade() -> None:
    op.execute("ALTER TABLE orchestrator.sessions DROP COLUMN usage")
    op.execute("ALTER TABLE orchestrator.sessions DROP COLUMN budget")
