# SPDX-License-Identifier: Apache-2.0
"""Indexes to find sessions and what is behind, and a second set of read models to build beside.

``persistence_next`` has the tables of the read models once more. A rebuild fills them while the
live ones are used, and two functions of the owner, since the role of the service may neither empty
nor move a table, begin and end it:

``begin_rebuild()``
    Empties the second set and returns the number of the rebuild; NULL while another is going on.
``finish_rebuild(rebuild)``
    Swaps the two sets. The caller holds the lock of ``streams``.

``erase_session`` now removes what follows from a session from both sets, and has its snapshots made
again.
"""

from alembic import op

revision = "0011"
down_revision = "0010"

SCHEMA = "persistence"
NEXT = "persistence_next"
SWAP = "persistence_swap"
READ_MODELS = ("sessions", "messages", "turns", "tool_calls", "approvals")
FUNCTIONS = ("begin_rebuild()", "finish_rebuild(bigint)")
WORDS = "to_tsvector('simple'::regconfig, left(content, 100000))"

INDEXES = (
    f"CREATE INDEX messages_words ON {SCHEMA}.messages USING gin ({WORDS})",
    f"CREATE INDEX sessions_state ON {SCHEMA}.sessions (state, created_at, session_id)",
    f"CREATE INDEX sessions_agent ON {SCHEMA}.sessions (agent, created_at, session_id)",
    f"CREATE INDEX sessions_created_by ON {SCHEMA}.sessions (created_by, created_at, session_id)",
    f"CREATE INDEX streams_behind ON {SCHEMA}.streams (aggregate_id)"
    " WHERE version >= snapshot + 32 AND aggregate_id NOT LIKE 'service:%'",
)

COPY_READ_MODELS = """
DO $$
DECLARE
    model text;
    index regclass;
BEGIN
    FOREACH model IN ARRAY ARRAY['sessions', 'messages', 'turns', 'tool_calls', 'approvals'] LOOP
        EXECUTE format(
            'CREATE TABLE persistence_next.%1$I (LIKE persistence.%1$I INCLUDING DEFAULTS)', model
        );
        FOR index IN
            SELECT indexrelid FROM pg_index
            WHERE indrelid = format('persistence.%I', model)::regclass AND NOT indisprimary
        LOOP
            EXECUTE replace(
                pg_get_indexdef(index), ' ON persistence.', ' ON persistence_next.'
            );
        END LOOP;
        EXECUTE format(
            'ALTER TABLE persistence_next.%I ADD %s', model, (
                SELECT pg_get_constraintdef(oid) FROM pg_constraint
                WHERE conrelid = format('persistence.%I', model)::regclass AND contype = 'p'
            )
        );
    END LOOP;
END $$
"""

BEGIN_REBUILD = """
CREATE FUNCTION persistence.begin_rebuild() RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    rebuild bigint;
BEGIN
    LOCK TABLE persistence.rebuilds IN EXCLUSIVE MODE;
    IF EXISTS (SELECT FROM persistence.rebuilds WHERE finished_at IS NULL) THEN
        RETURN NULL;
    END IF;
    TRUNCATE persistence_next.sessions, persistence_next.messages, persistence_next.turns,
        persistence_next.tool_calls, persistence_next.approvals;
    INSERT INTO persistence.rebuilds DEFAULT VALUES RETURNING id INTO rebuild;
    RETURN rebuild;
END $$
"""

FINISH_REBUILD = """
CREATE FUNCTION persistence.finish_rebuild(rebuild bigint) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    model text;
BEGIN
    UPDATE persistence.rebuilds SET finished_at = now(), swapped = true
        WHERE id = rebuild AND finished_at IS NULL;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    IF EXISTS (SELECT FROM persistence.streams WHERE rebuilt <> rebuild) THEN
        RAISE EXCEPTION 'the rebuild is not complete';
    END IF;
    FOREACH model IN ARRAY ARRAY['sessions', 'messages', 'turns', 'tool_calls', 'approvals'] LOOP
        EXECUTE format('ALTER TABLE persistence.%I SET SCHEMA persistence_swap', model);
        EXECUTE format('ALTER TABLE persistence_next.%I SET SCHEMA persistence', model);
        EXECUTE format('ALTER TABLE persistence_swap.%I SET SCHEMA persistence_next', model);
    END LOOP;
    RETURN true;
END $$
"""

ERASE_SESSION = """
CREATE OR REPLACE FUNCTION persistence.erase_session(
    session_id text, fields text[], erased_by text, reason text
) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    changed bigint;
    through bigint;
    model text;
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
    UPDATE persistence.streams AS s SET snapshot = 0, rebuilt = 0
        WHERE s.aggregate_id = session_id;
    FOREACH model IN ARRAY ARRAY['sessions', 'messages', 'turns', 'tool_calls', 'approvals'] LOOP
        EXECUTE format('DELETE FROM persistence.%I WHERE session_id = $1', model)
            USING session_id;
        EXECUTE format('DELETE FROM persistence_next.%I WHERE session_id = $1', model)
            USING session_id;
    END LOOP;
    RETURN changed;
END $$
"""


def upgrade() -> None:
    op.execute(f"CREATE SCHEMA {NEXT}")
    op.execute(f"CREATE SCHEMA {SWAP}")
    op.execute(f"GRANT USAGE ON SCHEMA {NEXT} TO {SCHEMA}")
    for statement in INDEXES:
        op.execute(statement)
    op.execute(COPY_READ_MODELS)
    for model in ("sessions", "turns"):
        op.execute(f"ALTER TABLE {NEXT}.{model} SET (fillfactor = 70)")
    for model in READ_MODELS:
        op.execute(f"GRANT SELECT, INSERT, UPDATE ON {NEXT}.{model} TO {SCHEMA}")
    op.execute(f"""
        CREATE TABLE {SCHEMA}.rebuilds (
            id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            started_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
            finished_at TIMESTAMP WITH TIME ZONE,
            swapped BOOLEAN DEFAULT false NOT NULL,
            streams BIGINT DEFAULT 0 NOT NULL,
            events BIGINT DEFAULT 0 NOT NULL,
            differences BIGINT
        )
    """)
    op.execute(f"GRANT SELECT, UPDATE ON {SCHEMA}.rebuilds TO {SCHEMA}")
    op.execute(f"GRANT UPDATE ON {SCHEMA}.snapshots TO {SCHEMA}")
    op.execute(f"REVOKE DELETE ON {SCHEMA}.snapshots FROM {SCHEMA}")
    op.execute(f"ALTER TABLE {SCHEMA}.streams ADD COLUMN rebuilt BIGINT DEFAULT 0 NOT NULL")
    for statement in (BEGIN_REBUILD, FINISH_REBUILD, ERASE_SESSION):
        op.execute(statement)
    for function in FUNCTIONS:
        op.execute(f"REVOKE ALL ON FUNCTION {SCHEMA}.{function} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {SCHEMA}.{function} TO {SCHEMA}")


def downgrade() -> None:
    for function in FUNCTIONS:
        op.execute(f"DROP FUNCTION {SCHEMA}.{function}")
    op.execute(f"ALTER TABLE {SCHEMA}.streams DROP COLUMN rebuilt")
    op.execute(f"DROP TABLE {SCHEMA}.rebuilds")
    op.execute(f"GRANT DELETE ON {SCHEMA}.snapshots TO {SCHEMA}")
    for index in ("messages_words", "sessions_state", "sessions_agent", "sessions_created_by"):
        op.execute(f"DROP INDEX {SCHEMA}.{index}")
    op.execute(f"DROP INDEX {SCHEMA}.streams_behind")
    for schema in (NEXT, SWAP):
        op.execute(f"DROP SCHEMA {schema} CASCADE")
