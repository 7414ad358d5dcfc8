# SPDX-License-Identifier: Apache-2.0
"""Consumers note what they have in hand, so that attempts are counted over restarts."""

from alembic import op

from shared.attempts.tables import create_in_hand

revision = "0007"
down_revision = "0006"

SERVICES = ("orchestrator", "persistence", "audit", "dead_letters")


def upgrade() -> None:
    """Create the table of each service that has a schema."""
    for service in SERVICES:
        create_in_hand(op.get_bind(), schema=service, role=service)


def downgrade() -> None:
    """Drop the tables."""
    for service in SERVICES:
        op.drop_table("in_hand", schema=service)
