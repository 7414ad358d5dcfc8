# SPDX-License-Identifier: Apache-2.0
"""The tables of the schema ``persistence``, and what the role of this service may do with each.

============  ======================  ==========================================================
table         the role may            holds
============  ======================  ==========================================================
events        select, insert          every event: its place, id, digest, cause, and where it was
records       select, insert          its key, value and headers, by month
erasures      select                  whose records say nothing any more, by ``erase_session``
archives      select                  months of records that are in files; some were put back
snapshots     select, insert, update  states to fold on from; can be computed from the events
rebuilds      select, update          rebuilds of the read models, of which one at most goes on
streams       select, insert, update  how far each aggregate goes
anomalies     select, insert, update  events that came twice, or contradict what is stored
imports       select, insert          sessions that came from elsewhere, and who brought them
origins       select, insert          where their events were recorded there
announcements select, insert,         what was done here for an operator, in the words of its event;
              update of announced_at  whether that was told
event_counts  select, insert, update  events by type, in parts that consumers do not share
sessions …    select, insert, update  the read models; can be computed from the events
============  ======================  ==========================================================
"""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Double,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    Table,
    Text,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSON
from sqlalchemy.types import TypeEngine

from shared.eventstore import event_tables
from shared.eventstore.tables import IDENTIFIER

SCHEMA = "persistence"
NEXT_SCHEMA = "persistence_next"

metadata = MetaData(schema=SCHEMA)

stored = event_tables(metadata, SCHEMA)
events = stored.events
records = stored.records
streams = stored.streams
streams.append_column(Column("snapshot", BigInteger, nullable=False, server_default="0"))
streams.append_column(Column("rebuilt", BigInteger, nullable=False, server_default="0"))
Index(
    "streams_behind",
    streams.c.aggregate_id,
    postgresql_where=text("version >= snapshot + 32 AND aggregate_id NOT LIKE 'service:%'"),
)

MOMENT = DateTime(timezone=True)


def _key(name: str, kind: TypeEngine[str] | TypeEngine[int] = IDENTIFIER) -> Column[object]:
    return Column(name, kind, primary_key=True, autoincrement=False)


def _counter(name: str) -> Column[object]:
    return Column(name, BigInteger, nullable=False, server_default="0")


def _usage() -> list[Column[object]]:
    counters = (
        "model_calls failed_model_calls unpriced_model_calls tool_calls failed_tool_calls"
        " approvals input_tokens output_tokens cached_tokens duration_us"
    )
    return [
        *map(_counter, counters.split()),
        Column("cost_usd", Numeric, nullable=False, server_default="0"),
    ]


snapshots = Table(
    "snapshots",
    metadata,
    _key("aggregate_id"),
    _key("sequence", BigInteger()),
    Column("fold", Integer, nullable=False),
    Column("latest_at", MOMENT, nullable=False),
    Column("state", LargeBinary, nullable=False),
    Column("created_at", MOMENT, nullable=False, server_default=func.now()),
)
Index("snapshots_in_time", snapshots.c.aggregate_id, snapshots.c.latest_at, snapshots.c.sequence)

rebuilds = Table(
    "rebuilds",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("started_at", MOMENT, nullable=False, server_default=func.now()),
    Column("finished_at", MOMENT),
    Column("swapped", Boolean, nullable=False, server_default="false"),
    Column("streams", BigInteger, nullable=False, server_default="0"),
    Column("events", BigInteger, nullable=False, server_default="0"),
    Column("differences", BigInteger),
)

erasures = Table(
    "erasures",
    metadata,
    _key("aggregate_id"),
    Column("erased_at", MOMENT, primary_key=True),
    Column("through_sequence", BigInteger, nullable=False),
    Column("kept", ARRAY(Text), nullable=False),
    Column("records", BigInteger, nullable=False),
    Column("erased_by", Text, nullable=False),
    Column("reason", Text, nullable=False),
)

archives = Table(
    "archives",
    metadata,
    Column("month", Text, primary_key=True),
    Column("file", Text, nullable=False),
    Column("events", BigInteger, nullable=False),
    Column("digest", Text, nullable=False),
    Column("begins_at", MOMENT, nullable=False),
    Column("ends_at", MOMENT, nullable=False),
    Column("archived_at", MOMENT, nullable=False, server_default=func.now()),
    Column("restored_at", MOMENT),
)

anomalies = Table(
    "anomalies",
    metadata,
    _key("aggregate_id"),
    _key("sequence", BigInteger()),
    Column("event_id", Uuid, primary_key=True),
    _key("kind"),
    Column("detail", Text, nullable=False),
    Column("topic", Text),
    Column("partition", Integer),
    Column("offset", BigInteger),
    Column("times", BigInteger, nullable=False, server_default="1"),
    Column("first_seen_at", MOMENT, nullable=False, server_default=func.now()),
    Column("last_seen_at", MOMENT, nullable=False, server_default=func.now()),
)
Index("anomalies_kind", anomalies.c.kind)

imports = Table(
    "imports",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("aggregate_id", IDENTIFIER, nullable=False),
    Column("first_sequence", BigInteger, nullable=False),
    Column("last_sequence", BigInteger, nullable=False),
    Column("digest", Text, nullable=False),
    Column("installation", Text, nullable=False),
    Column("exported_at", MOMENT, nullable=False),
    Column("imported_at", MOMENT, nullable=False, server_default=func.now()),
    Column("imported_by", Text, nullable=False),
    Column("reason", Text, nullable=False),
)
Index("imports_aggregate_id", imports.c.aggregate_id)

origins = Table(
    "origins",
    metadata,
    _key("aggregate_id"),
    _key("sequence", BigInteger()),
    Column("topic", Text),
    Column("partition", BigInteger),
    Column("offset", BigInteger),
    Column("timestamp", BigInteger),
    Column("recorded_at", MOMENT, nullable=False),
)

announcements = Table(
    "announcements",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("type", Text, nullable=False),
    Column("payload", JSON, nullable=False),
    Column("correlation_id", Text, nullable=False),
    Column("occurred_at", MOMENT, nullable=False),
    Column("announced_at", MOMENT),
)
Index("announcements_untold", announcements.c.id, postgresql_where=text("announced_at IS NULL"))

event_counts = Table(
    "event_counts",
    metadata,
    _key("topic"),
    _key("partition", Integer()),
    _key("type"),
    Column("events", BigInteger, nullable=False),
)

sessions = Table(
    "sessions",
    metadata,
    _key("session_id"),
    Column("agent", Text),
    Column("state", Text),
    Column("title", Text),
    Column("created_by", Text),
    Column("forked_from", Text),
    Column("forked_at_sequence", BigInteger),
    _counter("messages"),
    _counter("turns"),
    _counter("switches"),
    _counter("errors"),
    *_usage(),
    Column("last_sequence", BigInteger, nullable=False),
    Column("created_at", MOMENT, nullable=False),
    Column("updated_at", MOMENT, nullable=False),
)
Index("sessions_created_at", sessions.c.created_at, sessions.c.session_id)
Index(
    "sessions_forked_from",
    sessions.c.forked_from,
    sessions.c.forked_at_sequence,
    postgresql_where=sessions.c.forked_from.is_not(None),
)
for _filter in ("state", "agent", "created_by"):
    Index(f"sessions_{_filter}", sessions.c[_filter], sessions.c.created_at, sessions.c.session_id)

messages = Table(
    "messages",
    metadata,
    _key("session_id"),
    _key("sequence", BigInteger()),
    Column("message_id", Text, nullable=False),
    Column("turn_id", Text),
    Column("role", Text, nullable=False),
    Column("agent", Text),
    Column("content", Text, nullable=False),
    Column("created_at", MOMENT, nullable=False),
)

SIMPLE = text("'simple'::regconfig")
"""Words of any language as they are written."""

WORDS = func.to_tsvector(SIMPLE, func.left(messages.c.content, text("100000")))
"""The words of a message that are looked for: of its beginning, since PostgreSQL takes no more."""

Index("messages_words", WORDS, postgresql_using="gin")

turns = Table(
    "turns",
    metadata,
    _key("session_id"),
    _key("turn_id"),
    Column("first_sequence", BigInteger, nullable=False),
    Column("last_sequence", BigInteger, nullable=False),
    Column("status", Text),
    Column("agent", Text),
    Column("message_id", Text),
    Column("reply_id", Text),
    Column("result", Text),
    Column("budget", Text),
    Column("error_type", Text),
    Column("error_message", Text),
    *_usage(),
    Column("started_at", MOMENT, nullable=False),
    Column("finished_at", MOMENT),
)
Index("turns_in_order", turns.c.session_id, turns.c.first_sequence)

tool_calls = Table(
    "tool_calls",
    metadata,
    _key("session_id"),
    _key("turn_id"),
    _key("call_id"),
    Column("first_sequence", BigInteger, nullable=False),
    Column("last_sequence", BigInteger, nullable=False),
    Column("tool", Text, nullable=False),
    Column("agent", Text),
    Column("status", Text),
    Column("effect_id", Text),
    Column("approval_id", Text),
    Column("arguments_digest", Text),
    Column("result_size", BigInteger),
    Column("duration_seconds", Double),
    Column("error_type", Text),
    Column("error_message", Text),
    Column("requested_at", MOMENT, nullable=False),
    Column("finished_at", MOMENT),
)
Index("tool_calls_in_order", tool_calls.c.session_id, tool_calls.c.first_sequence)

approvals = Table(
    "approvals",
    metadata,
    _key("session_id"),
    _key("approval_id"),
    Column("first_sequence", BigInteger, nullable=False),
    Column("last_sequence", BigInteger, nullable=False),
    Column("turn_id", Text),
    Column("agent", Text),
    Column("tool", Text),
    Column("call_id", Text),
    Column("status", Text),
    Column("arguments", JSON),
    Column("arguments_digest", Text),
    Column("policy_version", Text),
    Column("decided_by", Text),
    Column("reason", Text),
    Column("decided_arguments", JSON),
    Column("decided_digest", Text),
    Column("wait_seconds", Double),
    Column("expires_at", MOMENT),
    Column("requested_at", MOMENT),
    Column("decided_at", MOMENT),
)
Index("approvals_in_order", approvals.c.session_id, approvals.c.first_sequence)

LIVE = {table.name: table for table in (sessions, messages, turns, tool_calls, approvals)}
"""The read models."""

NEXT = {name: table.to_metadata(MetaData(), schema=NEXT_SCHEMA) for name, table in LIVE.items()}
"""The read models once more: a rebuild fills them, and swaps them with the live ones."""
