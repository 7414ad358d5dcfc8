# SPDX-License-Identifier: Apache-2.0
"""The desk for dead letters: every one is kept, and nothing the role may do deletes one."""

import sqlalchemy as sa
from alembic import op

from shared.outbox.migration import create_outbox

revision = "0005"
down_revision = "0004"

SCHEMA = "dead_letters"
STATUSES = ("open", "redriven", "resolved", "discarded", "parked")
GRANTS = {
    "letters": "SELECT, INSERT, UPDATE",
    "deliveries": "SELECT, INSERT",
    "actions": "SELECT, INSERT",
    "answers": "SELECT, INSERT, UPDATE, DELETE",
    "sequences": "SELECT, INSERT, UPDATE",
}


def upgrade() -> None:
    _create_letters()
    _create_deliveries()
    _create_actions()
    op.create_table(
        "answers",
        sa.Column("idempotency_key", sa.Text, primary_key=True),
        sa.Column("request", sa.LargeBinary, nullable=False),
        sa.Column("answer", sa.JSON, nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False, index=True),
        schema=SCHEMA,
    )
    op.create_table(
        "sequences",
        sa.Column("aggregate_id", sa.Text, primary_key=True),
        sa.Column("last", sa.BigInteger, nullable=False),
        schema=SCHEMA,
    )
    for table, privileges in GRANTS.items():
        op.execute(f"GRANT {privileges} ON {SCHEMA}.{table} TO {SCHEMA}")
    create_outbox(op.get_bind(), schema=SCHEMA, role=SCHEMA)


def _create_letters() -> None:
    op.create_table(
        "letters",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("identity", sa.LargeBinary, nullable=False, unique=True),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("family", sa.Text, nullable=False),
        sa.Column("service", sa.Text),
        sa.Column("service_version", sa.Text),
        sa.Column("consumer_group", sa.Text),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("error_class", sa.Text),
        sa.Column("cause_class", sa.Text),
        sa.Column("error_message", sa.Text),
        sa.Column("stack", sa.Text),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("origin_topic", sa.Text),
        sa.Column("origin_partition", sa.Integer),
        sa.Column("origin_offset", sa.BigInteger),
        sa.Column("origin_timestamp", sa.DateTime(timezone=True)),
        sa.Column("attempts", sa.Integer),
        sa.Column("first_failed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("event_id", sa.Text),
        sa.Column("event_type", sa.Text),
        sa.Column("session_id", sa.Text),
        sa.Column("correlation_id", sa.Text),
        sa.Column("key", sa.LargeBinary),
        sa.Column("value", sa.LargeBinary),
        sa.Column("deliveries", sa.Integer, nullable=False),
        sa.Column("redrive_count", sa.Integer, nullable=False),
        sa.Column("redrive_id", sa.Uuid),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(f"status IN {STATUSES}", name="letters_status"),
        schema=SCHEMA,
    )
    for column in ("status", "service", "fingerprint", "session_id"):
        op.create_index(f"letters_{column}", "letters", [column, "id"], schema=SCHEMA)
    op.create_index("letters_failed_at", "letters", ["failed_at"], schema=SCHEMA)


def _create_deliveries() -> None:
    op.create_table(
        "deliveries",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("letter_id", sa.Uuid, sa.ForeignKey(f"{SCHEMA}.letters.id"), nullable=False),
        sa.Column("topic", sa.Text, nullable=False),
        sa.Column("partition", sa.Integer, nullable=False),
        sa.Column("offset", sa.BigInteger, nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False, unique=True),
        sa.Column("timestamp", sa.BigInteger, nullable=False),
        sa.Column("headers", sa.JSON, nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        schema=SCHEMA,
    )
    op.create_index("deliveries_letter", "deliveries", ["letter_id", "id"], schema=SCHEMA)


def _create_actions() -> None:
    op.create_table(
        "actions",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("letter_id", sa.Uuid, sa.ForeignKey(f"{SCHEMA}.letters.id"), nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("operator", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("redrive_id", sa.Uuid),
        sa.Column("redrive_count", sa.Integer, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        schema=SCHEMA,
    )
    op.create_index("actions_letter", "actions", ["letter_id", "id"], schema=SCHEMA)
    op.create_index(
        "actions_redrive",
        "actions",
        ["redrive_id"],
        unique=True,
        schema=SCHEMA,
        postgresql_where=sa.text("action = 'redriven'"),
    )


def downgrade() -> None:
    op.execute(
        "DROP TABLE dead_letters.outbox, dead_letters.outbox_shards, dead_letters.outbox_relays"
    )
    for table in ("sequences", "answers", "actions", "deliveries", "letters"):
        op.drop_table(table, schema=SCHEMA)
