# SPDX-License-Identifier: Apache-2.0
"""The bytes of events by month, snapshots, and the one narrow way to erase what a person wrote.

What an event *is* (place, id, digest, cause) stays in ``events`` for ever. What it *says* (key,
value, headers) moves to ``records``, which is partitioned by month, so that an old month can be
archived and dropped as a whole. Partitions lie in a schema of their own that no service may use.

Three functions run as the owner, because the role of the service may neither create a partition nor
change or delete what it stored:

``ensure_months(first, last)``
    Makes the partitions of the months from one moment to another.
``erase_session(session_id, fields, erased_by, reason)``
    Blanks fields in the payloads of one session, and says so in ``erasures``. It cannot write
    anything of the caller's into an event; place, ids and the digest of the original stay. What
    follows from the payloads (read models, snapshots) is removed, for the caller to fold again in
    the same transaction. Returns how many records it changed.
``blanked(value, fields)``
    Returns a payload with such fields blanked: the same bytes if it has none of them.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSON

revision = "0008"
down_revision = "0007"

SCHEMA = "persistence"
MONTHS = "persistence_months"
GRANTS = {
    "records": "SELECT, INSERT",
    "erasures": "SELECT",
    "snapshots": "SELECT, INSERT, DELETE",
}
FUNCTIONS = (
    "ensure_months(timestamptz, timestamptz)",
    "erase_session(text, text[], text, text)",
    "blanked(bytea, text[])",
)
IDENTIFIER = sa.Text(collation="C")
MOMENT = sa.DateTime(timezone=True)

ENSURE_MONTHS = """
CREATE FUNCTION persistence.ensure_months(first timestamptz, last timestamptz) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    month timestamp := date_trunc('month', first AT TIME ZONE 'UTC');
    beginning timestamptz;
    ending timestamptz;
    name text;
    made integer := 0;
BEGIN
    IF last > first + interval '20 years' THEN
        RAISE EXCEPTION 'more than 20 years at once' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('persistence.ensure_months', 0));
    WHILE month <= last AT TIME ZONE 'UTC' LOOP
        beginning := month AT TIME ZONE 'UTC';
        ending := (month + interval '1 month') AT TIME ZONE 'UTC';
        name := 'records_' || to_char(month, 'YYYY_MM');
        IF to_regclass(format('persistence_months.%I', name)) IS NULL AND NOT EXISTS (
            SELECT FROM persistence_months.records_other
            WHERE recorded_at >= beginning AND recorded_at < ending
        ) THEN
            EXECUTE format(
                'CREATE TABLE persistence_months.%I PARTITION OF persistence.records'
                ' FOR VALUES FROM (%L) TO (%L)', name, beginning, ending
            );
            made := made + 1;
        END IF;
        month := month + interval '1 month';
    END LOOP;
    RETURN made;
END $$
"""

BLANKED = """
CREATE FUNCTION persistence.blanked(value bytea, fields text[]) RETURNS bytea
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    body jsonb;
    data jsonb;
    structured boolean;
BEGIN
    body := convert_from(value, 'UTF8')::jsonb;
    structured := body ? 'specversion' AND jsonb_typeof(body -> 'data') = 'object';
    data := CASE WHEN structured THEN body -> 'data' ELSE body END;
    IF jsonb_typeof(data) <> 'object' THEN
        RETURN convert_to('{}', 'UTF8');
    END IF;
    IF NOT data ?| fields THEN
        RETURN value;
    END IF;
    SELECT jsonb_object_agg(each.key, CASE
        WHEN each.key <> ALL (fields) THEN each.value
        WHEN jsonb_typeof(each.value) = 'string' THEN to_jsonb('[erased]'::text)
        WHEN jsonb_typeof(each.value) = 'object' THEN '{}'
        WHEN jsonb_typeof(each.value) = 'array' THEN '[]'
        WHEN jsonb_typeof(each.value) = 'number' THEN '0'
        ELSE each.value
    END) INTO data FROM jsonb_each(data) AS each;
    RETURN convert_to(
        (CASE WHEN structured THEN jsonb_set(body, '{data}', data) ELSE data END)::text, 'UTF8'
    );
EXCEPTION WHEN data_exception THEN
    RETURN convert_to('{}', 'UTF8');  -- nothing is kept of what cannot be looked into
END $$
"""

ERASE_SESSION = """
CREATE FUNCTION persistence.erase_session(
    session_id text, fields text[], erased_by text, reason text
) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    changed bigint;
    through bigint;
BEGIN
    SELECT s.highest INTO through FROM persistence.streams AS s
        WHERE s.aggregate_id = session_id FOR UPDATE;
    IF through IS NULL THEN
        RETURN 0;
    END IF;
    UPDATE persistence.records AS r
        SET value = persistence.blanked(r.value, fields), erased_at = now()
        WHERE r.aggregate_id = session_id
        AND r.value IS DISTINCT FROM persistence.blanked(r.value, fields);
    GET DIAGNOSTICS changed = ROW_COUNT;
    INSERT INTO persistence.erasures
        (aggregate_id, through_sequence, fields, records, erased_by, reason, erased_at)
        VALUES (session_id, through, fields, changed, erased_by, reason, clock_timestamp());
    DELETE FROM persistence.snapshots AS s WHERE s.aggregate_id = session_id;
    DELETE FROM persistence.sessions AS s WHERE s.session_id = erase_session.session_id;
    DELETE FROM persistence.messages AS m WHERE m.session_id = erase_session.session_id;
    DELETE FROM persistence.turns AS t WHERE t.session_id = erase_session.session_id;
    DELETE FROM persistence.tool_calls AS t WHERE t.session_id = erase_session.session_id;
    DELETE FROM persistence.approvals AS a WHERE a.session_id = erase_session.session_id;
    RETURN changed;
END $$
"""


def upgrade() -> None:
    op.execute(f"CREATE SCHEMA {MONTHS}")
    _create_records()
    _create_snapshots()
    _create_erasures()
    for table, privileges in GRANTS.items():
        op.execute(f"REVOKE ALL ON {SCHEMA}.{table} FROM PUBLIC, {SCHEMA}")
        op.execute(f"GRANT {privileges} ON {SCHEMA}.{table} TO {SCHEMA}")
    for statement in (ENSURE_MONTHS, BLANKED, ERASE_SESSION):
        op.execute(statement)
    for function in FUNCTIONS:
        op.execute(f"REVOKE ALL ON FUNCTION {SCHEMA}.{function} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {SCHEMA}.{function} TO {SCHEMA}")
    _move_records()


def downgrade() -> None:
    for column in (sa.Column("key", sa.LargeBinary), sa.Column("value", sa.LargeBinary)):
        op.add_column("events", column, schema=SCHEMA)
    op.add_column("events", sa.Column("headers", JSON), schema=SCHEMA)
    op.execute("""
        UPDATE persistence.events AS e SET key = r.key, value = r.value, headers = r.headers
        FROM persistence.records AS r
        WHERE r.aggregate_id = e.aggregate_id AND r.sequence = e.sequence
    """)
    for function in FUNCTIONS:
        op.execute(f"DROP FUNCTION {SCHEMA}.{function}")
    for table in GRANTS:
        op.drop_table(table, schema=SCHEMA)
    op.execute(f"DROP SCHEMA {MONTHS}")


def _key(name: str, kind: sa.types.TypeEngine[Any] = IDENTIFIER) -> sa.Column[Any]:
    return sa.Column(name, kind, primary_key=True, autoincrement=False)


def _create_records() -> None:
    op.create_table(
        "records",
        _key("aggregate_id"),
        _key("sequence", sa.BigInteger()),
        sa.Column("recorded_at", MOMENT, primary_key=True, server_default=sa.func.now()),
        sa.Column("key", sa.LargeBinary),
        sa.Column("value", sa.LargeBinary, nullable=False),
        sa.Column("headers", JSON, nullable=False),
        sa.Column("erased_at", MOMENT),
        schema=SCHEMA,
        postgresql_partition_by="RANGE (recorded_at)",
    )
    op.execute(f"CREATE TABLE {MONTHS}.records_other PARTITION OF {SCHEMA}.records DEFAULT")


def _create_snapshots() -> None:
    op.create_table(
        "snapshots",
        _key("aggregate_id"),
        _key("sequence", sa.BigInteger()),
        sa.Column("fold", sa.Integer, nullable=False),
        sa.Column("latest_at", MOMENT, nullable=False),
        sa.Column("state", sa.LargeBinary, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False, server_default=sa.func.now()),
        schema=SCHEMA,
    )
    op.create_index(
        "snapshots_in_time", "snapshots", ["aggregate_id", "latest_at", "sequence"], schema=SCHEMA
    )
    op.add_column(
        "streams",
        sa.Column("snapshot", sa.BigInteger, nullable=False, server_default="0"),
        schema=SCHEMA,
    )


def _create_erasures() -> None:
    op.create_table(
        "erasures",
        _key("aggregate_id"),
        sa.Column("erased_at", MOMENT, primary_key=True),
        sa.Column("through_sequence", sa.BigInteger, nullable=False),
        sa.Column("fields", sa.ARRAY(sa.Text), nullable=False),
        sa.Column("records", sa.BigInteger, nullable=False),
        sa.Column("erased_by", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        schema=SCHEMA,
    )


def _move_records() -> None:
    op.execute("""
        SELECT persistence.ensure_months(
            coalesce((SELECT min(recorded_at) FROM persistence.events), now()),
            now() + interval '2 months'
        )
    """)
    op.execute("""
        INSERT INTO persistence.records (aggregate_id, sequence, recorded_at, key, value, headers)
        SELECT aggregate_id, sequence, recorded_at, key, value, headers FROM persistence.events
    """)
    for column in ("key", "value", "headers"):
        op.drop_column("events", column, schema=SCHEMA)
