# SPDX-License-Identifier: Apache-2.0
"""The event store and the read models.

The role ``persistence`` adds events and reads them; that it neither changes nor deletes one is for
the database to say, whose tables belong to whoever migrates.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSON

revision = "0003"
down_revision = "0002"

SCHEMA = "persistence"
GRANTS = {
    "events": "SELECT, INSERT",
    "streams": "SELECT, INSERT, UPDATE",
    "anomalies": "SELECT, INSERT, UPDATE",
    "event_counts": "SELECT, INSERT, UPDATE",
    "sessions": "SELECT, INSERT, UPDATE",
    "messages": "SELECT, INSERT, UPDATE",
    "turns": "SELECT, INSERT, UPDATE",
    "tool_calls": "SELECT, INSERT, UPDATE",
    "approvals": "SELECT, INSERT, UPDATE",
}
IDENTIFIER = sa.Text(collation="C")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _create_events()
    _create_watching()
    _create_sessions()
    _create_turns()
    _create_tool_calls()
    _create_approvals()
    for table, privileges in GRANTS.items():
        op.execute(f"REVOKE ALL ON {SCHEMA}.{table} FROM PUBLIC, {SCHEMA}")
        op.execute(f"GRANT {privileges} ON {SCHEMA}.{table} TO {SCHEMA}")


def downgrade() -> None:
    for table in GRANTS:
        op.drop_table(table, schema=SCHEMA)


def _key(name: str, kind: sa.types.TypeEngine[Any] = IDENTIFIER) -> sa.Column[Any]:
    return sa.Column(name, kind, primary_key=True, autoincrement=False)


def _text(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Text) for name in names]


def _place(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.BigInteger, nullable=False) for name in names]


def _usage() -> list[sa.Column[Any]]:
    counters = (
        "model_calls failed_model_calls unpriced_model_calls tool_calls failed_tool_calls"
        " approvals input_tokens output_tokens cached_tokens duration_us"
    )
    return [
        *(_counter(name) for name in counters.split()),
        sa.Column("cost_usd", sa.Numeric, nullable=False, server_default="0"),
    ]


def _counter(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.BigInteger, nullable=False, server_default="0")


def _moment(name: str, *, nullable: bool = False, now: bool = False) -> sa.Column[Any]:
    return sa.Column(name, MOMENT, nullable=nullable, server_default=sa.func.now() if now else None)


def _create_events() -> None:
    op.create_table(
        "events",
        _key("aggregate_id"),
        _key("sequence", sa.BigInteger()),
        sa.Column("event_id", sa.Uuid, nullable=False),
        sa.Column("type", IDENTIFIER, nullable=False),
        sa.Column("correlation_id", IDENTIFIER, nullable=False),
        sa.Column("causation_id", sa.Uuid),
        _moment("occurred_at"),
        _moment("recorded_at", now=True),
        sa.Column("topic", sa.Text),
        sa.Column("partition", sa.Integer),
        sa.Column("offset", sa.BigInteger),
        sa.Column("timestamp", sa.BigInteger),
        sa.Column("key", sa.LargeBinary),
        sa.Column("value", sa.LargeBinary, nullable=False),
        sa.Column("headers", JSON, nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.UniqueConstraint("event_id", name="events_event_id"),
        schema=SCHEMA,
    )
    op.create_index("events_correlation_id", "events", ["correlation_id"], schema=SCHEMA)
    op.create_table(
        "streams",
        _key("aggregate_id"),
        _counter("version"),
        _counter("highest"),
        schema=SCHEMA,
        postgresql_with={"fillfactor": "70"},
    )
    op.create_index(
        "streams_with_gaps",
        "streams",
        ["aggregate_id"],
        postgresql_where=sa.text("highest > version"),
        schema=SCHEMA,
    )


def _create_watching() -> None:
    op.create_table(
        "anomalies",
        _key("aggregate_id"),
        _key("sequence", sa.BigInteger()),
        sa.Column("event_id", sa.Uuid, primary_key=True),
        _key("kind"),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("topic", sa.Text),
        sa.Column("partition", sa.Integer),
        sa.Column("offset", sa.BigInteger),
        sa.Column("times", sa.BigInteger, nullable=False, server_default="1"),
        _moment("first_seen_at", now=True),
        _moment("last_seen_at", now=True),
        schema=SCHEMA,
    )
    op.create_index("anomalies_kind", "anomalies", ["kind"], schema=SCHEMA)
    op.create_table(
        "event_counts",
        _key("topic"),
        _key("partition", sa.Integer()),
        _key("type"),
        *_place("events"),
        schema=SCHEMA,
    )


def _create_sessions() -> None:
    op.create_table(
        "sessions",
        _key("session_id"),
        *_text("agent", "state", "title", "created_by", "forked_from"),
        sa.Column("forked_at_sequence", sa.BigInteger),
        *(_counter(name) for name in ("messages", "turns", "switches", "errors")),
        *_usage(),
        *_place("last_sequence"),
        _moment("created_at"),
        _moment("updated_at"),
        schema=SCHEMA,
        postgresql_with={"fillfactor": "70"},
    )
    op.create_index("sessions_created_at", "sessions", ["created_at", "session_id"], schema=SCHEMA)
    op.create_table(
        "messages",
        _key("session_id"),
        _key("sequence", sa.BigInteger()),
        sa.Column("message_id", sa.Text, nullable=False),
        *_text("turn_id"),
        sa.Column("role", sa.Text, nullable=False),
        *_text("agent"),
        sa.Column("content", sa.Text, nullable=False),
        _moment("created_at"),
        schema=SCHEMA,
    )


def _create_turns() -> None:
    op.create_table(
        "turns",
        _key("session_id"),
        _key("turn_id"),
        *_place("first_sequence", "last_sequence"),
        *_text("status", "agent", "message_id", "reply_id", "result", "budget"),
        *_text("error_type", "error_message"),
        *_usage(),
        _moment("started_at"),
        _moment("finished_at", nullable=True),
        schema=SCHEMA,
        postgresql_with={"fillfactor": "70"},
    )
    _index_in_order("turns")


def _create_tool_calls() -> None:
    op.create_table(
        "tool_calls",
        _key("session_id"),
        _key("turn_id"),
        _key("call_id"),
        *_place("first_sequence", "last_sequence"),
        sa.Column("tool", sa.Text, nullable=False),
        *_text("agent", "status", "effect_id", "approval_id", "arguments_digest"),
        sa.Column("result_size", sa.BigInteger),
        sa.Column("duration_seconds", sa.Double),
        *_text("error_type", "error_message"),
        _moment("requested_at"),
        _moment("finished_at", nullable=True),
        schema=SCHEMA,
    )
    _index_in_order("tool_calls")


def _create_approvals() -> None:
    op.create_table(
        "approvals",
        _key("session_id"),
        _key("approval_id"),
        *_place("first_sequence", "last_sequence"),
        *_text("turn_id", "agent", "tool", "call_id", "status"),
        sa.Column("arguments", JSON),
        *_text("arguments_digest", "policy_version", "decided_by", "reason"),
        sa.Column("decided_arguments", JSON),
        *_text("decided_digest"),
        sa.Column("wait_seconds", sa.Double),
        _moment("expires_at", nullable=True),
        _moment("requested_at", nullable=True),
        _moment("decided_at", nullable=True),
        schema=SCHEMA,
    )
    _index_in_order("approvals")


def _index_in_order(table: str) -> None:
    op.create_index(f"{table}_in_order", table, ["session_id", "first_sequence"], schema=SCHEMA)
