# SPDX-License-Identifier: Apache-2.0
"""The audit trail: append-only by what its role is granted.

The owner of the tables is whoever migrates; the role ``audit`` can neither update nor delete what
it logged, and no other service can even look at it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

SCHEMA = "audit"
GRANTS = {
    "logs": "SELECT, INSERT",
    "entries": "SELECT, INSERT",
    "nodes": "SELECT, INSERT",
    "checkpoints": "SELECT, INSERT",
    "contents": "SELECT, INSERT, DELETE",
    "heads": "SELECT, INSERT, UPDATE",
    "counts": "SELECT, INSERT, UPDATE",
}


def upgrade() -> None:
    op.create_table(
        "logs",
        sa.Column("log_id", sa.Integer, sa.Identity(always=True), primary_key=True),
        sa.Column("origin", sa.Text, nullable=False, unique=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            nullable=False,
            server_default=sa.func.now(),
        ),
        schema=SCHEMA,
    )
    op.create_table(
        "entries",
        sa.Column("log_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("position", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("leaf_hash", sa.LargeBinary, nullable=False),
        sa.Column("offset", sa.BigInteger, nullable=False),
        sa.Column("timestamp", sa.BigInteger, nullable=False),
        sa.Column("headers_digest", sa.LargeBinary, nullable=False),
        sa.Column("payload_digest", sa.LargeBinary, nullable=False),
        sa.Column("problem", sa.Text),
        sa.Column("event_id", sa.Uuid),
        sa.Column("event_type", sa.Text),
        sa.Column("aggregate_id", sa.Text),
        sa.Column("session_id", sa.Text),
        sa.Column("sequence", sa.BigInteger),
        sa.Column("correlation_id", sa.Text),
        sa.Column("causation_id", sa.Uuid),
        sa.Column("duplicate_of_log", sa.Integer),
        sa.Column("duplicate_of_position", sa.BigInteger),
        schema=SCHEMA,
    )
    _index_entries()
    op.create_table(
        "nodes",
        sa.Column("log_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("level", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        schema=SCHEMA,
    )
    op.create_table(
        "checkpoints",
        sa.Column("log_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("size", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column(
            "signed_at",
            sa.DateTime(timezone=True),
            nullable=False,
            server_default=sa.func.now(),
        ),
        schema=SCHEMA,
    )
    op.create_table(
        "contents",
        sa.Column("log_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("position", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("salt", sa.LargeBinary, nullable=False),
        sa.Column("key", sa.LargeBinary),
        sa.Column("value", sa.LargeBinary),
        sa.Column("headers", sa.LargeBinary, nullable=False),
        schema=SCHEMA,
    )
    op.create_table(
        "heads",
        sa.Column("log_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("peaks", sa.LargeBinary, nullable=False),
        sa.Column("first_offset", sa.BigInteger),
        sa.Column("last_offset", sa.BigInteger),
        sa.Column("rewritten", sa.BigInteger, nullable=False),
        schema=SCHEMA,
    )
    op.create_table(
        "counts",
        sa.Column("log_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("event_type", sa.Text, primary_key=True),
        sa.Column("records", sa.BigInteger, nullable=False),
        sa.Column("duplicates", sa.BigInteger, nullable=False),
        schema=SCHEMA,
    )
    for table, privileges in GRANTS.items():
        op.execute(f"REVOKE ALL ON {SCHEMA}.{table} FROM PUBLIC, {SCHEMA}")
        op.execute(f"GRANT {privileges} ON {SCHEMA}.{table} TO {SCHEMA}")


def _index_entries() -> None:
    op.create_index(
        "entries_record",
        "entries",
        ["log_id", "offset", "timestamp", "headers_digest"],
        unique=True,
        schema=SCHEMA,
    )
    op.create_index(
        "entries_event",
        "entries",
        ["event_id"],
        unique=True,
        postgresql_where=sa.text("duplicate_of_log IS NULL"),
        schema=SCHEMA,
    )
    for column in ("session_id", "correlation_id", "event_type"):
        op.create_index(
            f"entries_{column}", "entries", [column, "log_id", "position"], schema=SCHEMA
        )
    op.create_index(
        "entries_timestamp", "entries", ["timestamp"], postgresql_using="brin", schema=SCHEMA
    )


def downgrade() -> None:
    for table in GRANTS:
        op.drop_table(table, schema=SCHEMA)
