# SPDX-License-Identifier: Apache-2.0
"""Erases with what an event said the digest of what came, by which a guess could be tested.

A short message is found by trying, since all else that is in the digest is still known. So another
digest takes its place, of nothing that anybody knows. What came is proved by audit, whose digests
are salted and lose their salts. The same for archived events, of which the digest alone is here.
"""

from alembic import op

revision = "0024"
down_revision = "0023"

ERASE_SESSION = """
CREATE OR REPLACE FUNCTION persistence.erase_session(
    session_id text, kept text[], known text[], erased_by text, reason text
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
    WITH blanked AS (
        UPDATE persistence.records AS r
            SET value = persistence.without_content(r.value, kept),
                headers = persistence.known_headers(r.headers, known),
                erased_at = now()
            WHERE r.aggregate_id = session_id AND (
                r.value IS DISTINCT FROM persistence.without_content(r.value, kept)
                OR r.headers::text
                    IS DISTINCT FROM persistence.known_headers(r.headers, known)::text
            )
            RETURNING r.sequence
    ), sealed AS (
        UPDATE persistence.events AS e
            SET digest = sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()))
            WHERE e.aggregate_id = session_id AND (
                e.sequence IN (SELECT b.sequence FROM blanked AS b)
                OR NOT EXISTS (
                    SELECT FROM persistence.records AS r
                    WHERE r.aggregate_id = e.aggregate_id AND r.sequence = e.sequence
                    AND r.recorded_at = e.recorded_at
                )
            )
    )
    SELECT count(*) INTO changed FROM blanked;
    INSERT INTO persistence.erasures
        (aggregate_id, through_sequence, kept, records, erased_by, reason, erased_at)
        VALUES (session_id, through, kept, changed, erased_by, reason, clock_timestamp());
    UPDATE persistence.anomalies AS a SET detail = '[erased]' WHERE a.aggregate_id = session_id;
    DELETE FROM persistence.snapshots AS s WHERE s.aggregate_id = session_id;
    UPDATE persistence.streams AS s SET snapshot = 0, rebuilt = 0, erased = true
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
    op.execute(ERASE_SESSION)


def downgrade() -> None:
    raise NotImplementedError("the function before left digests by which a guess could be tested")
