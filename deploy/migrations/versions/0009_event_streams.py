# SPDX-License-Identifier: Apache-2.0
"""The orchestrator: who streams a session finds its events in the outbox."""

from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_index("outbox_of_session", "outbox", ["key", "position"], schema="orchestrator")


def downgrade() -> None:
    op.drop_index("outbox_of_session", "outbox", schema="orchestrator")
