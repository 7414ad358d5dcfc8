# SPDX-License-Identifier: Apache-2.0
"""The sessions whose records say nothing any more, in the audit trail and at the desk.

The desk could change a letter, but not the headers with which it came: they quote errors, and
errors quote what failed.
"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"

SERVICES = ("audit", "dead_letters")


def upgrade() -> None:
    for schema in SERVICES:
        op.create_table(
            "erasures",
            sa.Column("session_id", sa.Text, primary_key=True),
            sa.Column(
                "erased_at",
                sa.DateTime(timezone=True),
                nullable=False,
                server_default=sa.func.now(),
            ),
            schema=schema,
        )
        op.execute(f"GRANT SELECT, INSERT ON {schema}.erasures TO {schema}")
    op.execute(
        "CREATE INDEX entries_problem ON audit.entries (log_id, position) WHERE problem IS NOT NULL"
    )
    erased_at = sa.Column("erased_at", sa.DateTime(timezone=True))
    op.add_column("letters", erased_at, schema="dead_letters")
    op.execute("GRANT UPDATE (headers) ON dead_letters.deliveries TO dead_letters")
    op.execute("GRANT UPDATE (reason) ON dead_letters.actions TO dead_letters")


def downgrade() -> None:
    op.execute("REVOKE UPDATE (reason) ON dead_letters.actions FROM dead_letters")
    op.execute("REVOKE UPDATE (headers) ON dead_letters.deliveries FROM dead_letters")
    op.drop_column("letters", "erased_at", schema="dead_letters")
    op.execute("DROP INDEX audit.entries_problem")
    for schema in SERVICES:
        op.drop_table("erasures", schema=schema)
