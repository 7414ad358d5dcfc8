# SPDX-License-Identifier: Apache-2.0
"""The tables of the orchestrator."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

from shared.outbox import outbox_tables

SCHEMA = "orchestrator"

metadata = MetaData(schema=SCHEMA)
outbox = outbox_tables(metadata, SCHEMA)
Index("outbox_of_session", outbox.records.c.key, outbox.records.c.position)

sessions = Table(
    "sessions",
    metadata,
    Column("id", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("agent", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
    Column("last_sequence", BigInteger, nullable=False),
    Column("agent_sequence", BigInteger, nullable=False),
    Column("message_count", Integer, nullable=False),
    Column("turn_count", Integer, nullable=False),
    Column("model", Text),
    Column("forked_from", Text),
    Column("fork", JSON(none_as_null=True)),
    Column("paused", Boolean, nullable=False, server_default=text("false")),
    Column("delegated_by", JSON, nullable=False, server_default=text("'[]'")),
    Column("usage", JSON, nullable=False, server_default=text("'{}'")),
    Column("budget", JSON(none_as_null=True)),
    Column("client_tools", JSON(none_as_null=True)),
    Column("erased_at", DateTime(timezone=True)),
)
Index("sessions_active", sessions.c.updated_at, postgresql_where=text("state = 'active'"))
Index("sessions_updated_at", sessions.c.updated_at.desc(), sessions.c.id)
Index(
    "sessions_forked_from",
    sessions.c.forked_from,
    postgresql_where=text("forked_from IS NOT NULL"),
)

turns = Table(
    "turns",
    metadata,
    Column("id", Text, primary_key=True),
    Column("session_id", Text, ForeignKey(sessions.c.id), nullable=False),
    Column("number", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("agent", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("correlation_id", Text, nullable=False),
    Column("causation_id", Uuid),
    Column("trace", Text),
    Column("accepted_at", DateTime(timezone=True), nullable=False),
    Column("started_at", DateTime(timezone=True)),
    Column("ended_at", DateTime(timezone=True)),
    Column("agent_started_at", DateTime(timezone=True)),
    Column("asking_id", Uuid),
    Column("handovers", SmallInteger, nullable=False, server_default=text("0")),
    Column("delegated_by", JSON, nullable=False, server_default=text("'[]'")),
    Column("lease_number", Integer, nullable=False, server_default=text("0")),
    Column("lease_owner", Text),
    Column("lease_until", DateTime(timezone=True)),
    Column("reply", Text),
    Column("error", Text),
    Column("model", Text),
    Column("last_sequence", BigInteger),
    Column("client_tools", JSON(none_as_null=True)),
    UniqueConstraint("session_id", "number"),
)
Index(
    "turns_to_do",
    turns.c.accepted_at,
    postgresql_where=text("state IN ('queued', 'running')"),
)
Index(
    "turns_one_at_a_time",
    turns.c.session_id,
    unique=True,
    postgresql_where=text("state IN ('running', 'waiting')"),
)

steps = Table(
    "steps",
    metadata,
    Column("turn_id", Text, ForeignKey(turns.c.id), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("session_id", Text, nullable=False),
    Column("turn_number", Integer, nullable=False),
    Column("agent", Text, nullable=False),
    Column("message", LargeBinary, nullable=False),
    Column("input_tokens", Integer, nullable=False, server_default=text("0")),
    Column("output_tokens", Integer, nullable=False, server_default=text("0")),
    Column("cost_usd", Numeric(18, 9)),
    Column("sequence", BigInteger),
)
Index("steps_of_session", steps.c.session_id, steps.c.turn_number, steps.c.number)

effects = Table(
    "effects",
    metadata,
    Column("effect_id", Uuid, primary_key=True),
    Column("session_id", Text, nullable=False),
    Column("turn_id", Text, ForeignKey(turns.c.id), nullable=False),
    Column("step", Integer, nullable=False),
    Column("position", SmallInteger, nullable=False),
    Column("call_id", Text, nullable=False),
    Column("tool", Text, nullable=False),
    Column("agent", Text, nullable=False),
    Column("arguments", JSON, nullable=False),
    Column("arguments_digest", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("cause_id", Uuid),
    Column("started_at", DateTime(timezone=True)),
    Column("result", Text),
    Column("requested_at", DateTime(timezone=True), nullable=False),
    Column("ended_at", DateTime(timezone=True)),
    Column("expires_at", DateTime(timezone=True)),
    Column("answer_digest", Text),
    UniqueConstraint("turn_id", "step", "position"),
)
Index("effects_with_client", effects.c.expires_at, postgresql_where=text("state = 'with_client'"))
Index("effects_of_session", effects.c.session_id, effects.c.call_id)

approvals = Table(
    "approvals",
    metadata,
    Column("id", Text, primary_key=True),
    Column("session_id", Text, nullable=False),
    Column("turn_id", Text, ForeignKey(turns.c.id), nullable=False),
    Column("effect_id", Uuid, ForeignKey(effects.c.effect_id), nullable=False),
    Column("agent", Text, nullable=False),
    Column("tool", Text, nullable=False),
    Column("arguments", JSON, nullable=False),
    Column("arguments_digest", Text, nullable=False),
    Column("policy_version", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("decided_by", Text),
    Column("reason", Text),
    Column("requested_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("decided_at", DateTime(timezone=True)),
    Column("kind", Text, nullable=False, server_default=text("'call'")),
    Column("requested_by", Text),
    Column("decided_digest", Text),
    Column("consumed_at", DateTime(timezone=True)),
)
Index("approvals_of_effect", approvals.c.effect_id)
Index("approvals_open", approvals.c.expires_at, postgresql_where=text("state = 'open'"))
Index("approvals_of_session", approvals.c.session_id, approvals.c.requested_at)

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("scope", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("request_digest", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
)
Index("idempotency_keys_created_at", idempotency_keys.c.created_at)
