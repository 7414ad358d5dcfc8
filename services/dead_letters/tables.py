# SPDX-License-Identifier: Apache-2.0
"""The tables of the schema ``dead_letters``; deploy/migrations creates them."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    DateTime,
    Float,
    ForeignKey,
    Identity,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    Uuid,
    func,
)

from shared.outbox import outbox_tables

SCHEMA = "dead_letters"

metadata = MetaData(schema=SCHEMA)

letters = Table(
    "letters",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("identity", LargeBinary, nullable=False, unique=True),
    Column("content", LargeBinary, nullable=False),
    Column("status", Text, nullable=False),
    Column("family", Text, nullable=False),
    Column("service", Text),
    Column("service_version", Text),
    Column("consumer_group", Text),
    Column("kind", Text, nullable=False),
    Column("error_class", Text),
    Column("cause_class", Text),
    Column("error_message", Text),
    Column("stack", Text),
    Column("fingerprint", Text, nullable=False),
    Column("origin_topic", Text),
    Column("origin_partition", Integer),
    Column("origin_offset", BigInteger),
    Column("origin_timestamp", DateTime(timezone=True)),
    Column("attempts", Integer),
    Column("first_failed_at", DateTime(timezone=True), nullable=False),
    Column("failed_at", DateTime(timezone=True), nullable=False),
    Column("event_id", Text),
    Column("event_type", Text),
    Column("session_id", Text),
    Column("correlation_id", Text),
    Column("aggregate_id", Text),
    Column("sequence", BigInteger),
    Column("occurred_at", DateTime(timezone=True)),
    Column("key", LargeBinary),
    Column("value", LargeBinary),
    Column("deliveries", Integer, nullable=False),
    Column("redrive_count", Integer, nullable=False),
    Column("redrive_id", Uuid),
    Column("received_at", DateTime(timezone=True), nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
    Column("erased_at", DateTime(timezone=True)),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("letter_id", Uuid, ForeignKey(letters.c.id), nullable=False),
    Column("topic", Text, nullable=False),
    Column("partition", Integer, nullable=False),
    Column("offset", BigInteger, nullable=False),
    Column("digest", LargeBinary, nullable=False, unique=True),
    Column("timestamp", BigInteger, nullable=False),
    Column("headers", JSON, nullable=False),
    Column("received_at", DateTime(timezone=True), nullable=False),
)
"""Every record that was on the dead letter topic; its key and value are those of the letter."""

actions = Table(
    "actions",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("letter_id", Uuid, ForeignKey(letters.c.id), nullable=False),
    Column("action", Text, nullable=False),
    Column("operator", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("redrive_id", Uuid),
    Column("redrive_count", Integer, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
)

jobs = Table(
    "jobs",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("operator", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("choice", JSON, nullable=False),
    Column("rate", Float),
    Column("batch", Integer, nullable=False),
    Column("stop_on_failures", Float, nullable=False),
    Column("wait_seconds", Float, nullable=False),
    Column("letters", Integer, nullable=False),
    Column("done", Integer, nullable=False),
    Column("judged", Integer, nullable=False),
    Column("started_at", DateTime(timezone=True), nullable=False),
    Column("ended_at", DateTime(timezone=True)),
    Column("ended_by", Text),
    Column("why_ended", Text),
    Column("owner", Text),
    Column("lease_until", DateTime(timezone=True)),
)
"""Work on many letters; of the first ``judged`` that are ``done`` it is known what came of them."""

job_letters = Table(
    "job_letters",
    metadata,
    Column("job_id", Uuid, ForeignKey(jobs.c.id), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("letter_id", Uuid, ForeignKey(letters.c.id), nullable=False),
    Column("redrive_count", Integer, nullable=False),
    Column("outcome", Text),
    Column("error", Text),
    Column("redrive_id", Uuid),
)
"""The letters of a job as they were chosen, in the order in which they are taken."""

answers = Table(
    "answers",
    metadata,
    Column("idempotency_key", Text, primary_key=True),
    Column("request", LargeBinary, nullable=False),
    Column("answer", JSON, nullable=False),
    Column("answered_at", DateTime(timezone=True), nullable=False),
)
"""What was answered under an idempotency key, so that the same key gets the same answer."""

erasures = Table(
    "erasures",
    metadata,
    Column("session_id", Text, primary_key=True),
    Column("erased_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
)
"""The sessions whose letters say nothing any more."""

sequences = Table(
    "sequences",
    metadata,
    Column("aggregate_id", Text, primary_key=True),
    Column("last", BigInteger, nullable=False),
)
"""The number of the last event of an aggregate; its row is the lock of the aggregate."""

outbox = outbox_tables(metadata, SCHEMA)
