# SPDX-License-Identifier: Apache-2.0
"""Sessions that came from another installation, and where their events were recorded there.

The coordinates of another cluster say nothing of this one, so they have a table of their own: in
``events`` an imported event has none.
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"

SCHEMA = "persistence"
GRANTS = {
    "imports": "SELECT, INSERT, UPDATE (announced_at)",
    "origins": "SELECT, INSERT",
}
IDENTIFIER = sa.Text(collation="C")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _create_imports()
    _create_origins()
    for table, privileges in GRANTS.items():
        op.execute(f"REVOKE ALL ON {SCHEMA}.{table} FROM PUBLIC, {SCHEMA}")
        op.execute(f"GRANT {privileges} ON {SCHEMA}.{table} TO {SCHEMA}")


def downgrade() -> None:
    for table in GRANTS:
        op.drop_table(table, schema=SCHEMA)


def _create_imports() -> None:
    op.create_table(
        "imports",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("aggregate_id", IDENTIFIER, nullable=False),
        sa.Column("first_sequence", sa.BigInteger, nullable=False),
        sa.Column("last_sequence", sa.BigInteger, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("installation", sa.Text, nullable=False),
        sa.Column("exported_at", MOMENT, nullable=False),
        sa.Column("imported_at", MOMENT, nullable=False, server_default=sa.func.now()),
        sa.Column("imported_by", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("correlation_id", sa.Text, nullable=False),
        sa.Column("announced_at", MOMENT),
        schema=SCHEMA,
    )
    op.create_index("imports_aggregate_id", "imports", ["aggregate_id"], schema=SCHEMA)
    op.create_index(
        "imports_untold",
        "imports",
        ["id"],
        postgresql_where=sa.text("announced_at IS NULL"),
        schema=SCHEMA,
    )


def _create_origins() -> None:
    op.create_table(
        "origins",
        sa.Column("aggregate_id", IDENTIFIER, primary_key=True),
        sa.Column("sequence", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("topic", sa.Text),
        sa.Column("partition", sa.BigInteger),
        sa.Column("offset", sa.BigInteger),
        sa.Column("timestamp", sa.BigInteger),
        sa.Column("recorded_at", MOMENT, nullable=False),
        schema=SCHEMA,
    )
