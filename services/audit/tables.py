# SPDX-License-Identifier: Apache-2.0
"""The tables of the schema ``audit``, and what the role of this service may do with each.

=============  =========================  =======================================================
table          the role may               holds
=============  =========================  =======================================================
logs           select, insert             one log for each partition of each topic and cluster
entries        select, insert             what each log commits to, in order: the leaves
nodes          select, insert             every eighth level of the trees above the leaves
checkpoints    select, insert             every signed root
contents       select, insert, delete     what records say; erasing it leaves all proofs valid
erasures       select, insert             the sessions whose records say nothing any more
heads          select, insert, update     where each log ends; can be computed from the entries
counts         select, insert, update     entries by type; can be computed from the entries
=============  =========================  =======================================================

The database itself refuses the rest, so that not even this service can rewrite what it logged.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Identity,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    Uuid,
    func,
)

metadata = MetaData(schema="audit")

logs = Table(
    "logs",
    metadata,
    Column("log_id", Integer, Identity(always=True), primary_key=True),
    Column("origin", Text, nullable=False, unique=True),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
)

entries = Table(
    "entries",
    metadata,
    Column("log_id", Integer, primary_key=True),
    Column("position", BigInteger, primary_key=True),
    Column("leaf_hash", LargeBinary, nullable=False),
    Column("offset", BigInteger, nullable=False),
    Column("timestamp", BigInteger, nullable=False),
    Column("headers_digest", LargeBinary, nullable=False),
    Column("payload_digest", LargeBinary, nullable=False),
    Column("problem", Text),
    Column("event_id", Uuid),
    Column("event_type", Text),
    Column("aggregate_id", Text),
    Column("session_id", Text),
    Column("sequence", BigInteger),
    Column("correlation_id", Text),
    Column("causation_id", Uuid),
    Column("duplicate_of_log", Integer),
    Column("duplicate_of_position", BigInteger),
)

nodes = Table(
    "nodes",
    metadata,
    Column("log_id", Integer, primary_key=True),
    Column("level", SmallInteger, primary_key=True),
    Column("number", BigInteger, primary_key=True),
    Column("hash", LargeBinary, nullable=False),
)

checkpoints = Table(
    "checkpoints",
    metadata,
    Column("log_id", Integer, primary_key=True),
    Column("size", BigInteger, primary_key=True),
    Column("note", Text, nullable=False),
    Column("signed_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
)

contents = Table(
    "contents",
    metadata,
    Column("log_id", Integer, primary_key=True),
    Column("position", BigInteger, primary_key=True),
    Column("salt", LargeBinary, nullable=False),
    Column("key", LargeBinary),
    Column("value", LargeBinary),
    Column("headers", LargeBinary, nullable=False),
)

erasures = Table(
    "erasures",
    metadata,
    Column("session_id", Text, primary_key=True),
    Column("erased_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
)

heads = Table(
    "heads",
    metadata,
    Column("log_id", Integer, primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("peaks", LargeBinary, nullable=False),
    Column("first_offset", BigInteger),
    Column("last_offset", BigInteger),
    Column("rewritten", BigInteger, nullable=False),
)

counts = Table(
    "counts",
    metadata,
    Column("log_id", Integer, primary_key=True),
    Column("event_type", Text, primary_key=True),
    Column("records", BigInteger, nullable=False),
    Column("duplicates", BigInteger, nullable=False),
)
