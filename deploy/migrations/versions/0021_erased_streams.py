# SPDX-License-Identifier: Apache-2.0
"""Erases what a session says by the names that are kept, and remembers that it was erased.

Before, the names of what was to be blanked were given, so that what nobody thought of stayed. Now
everything goes but what is named (``shared/events/content.py``).

``without_content(value, kept)``
    Returns a payload of which only the fields ``kept`` say something: the same bytes if it has no
    other. Numbers, times and identifiers are kept, so the event can still be read.
``known_headers(headers, known)``
    Returns the headers with the names ``known``: a foreign one may quote what the payload said.
``erase_session(session_id, kept, known, erased_by, reason)``
    Blanks the payloads of one session, says so in ``erasures`` and in ``streams``, and removes what
    follows from them (read models, snapshots), for the caller to fold again in the same
    transaction. It cannot write anything of the caller's into an event. Returns how many records it
    changed.

    The digest of what came goes, too: a short message is found by trying, since all else that is in
    it is still known. Another takes its place, of nothing that anybody knows. What came is proved
    by audit, whose digests are salted and lose their salts. The same for archived events, of which
    the digest alone is here.
"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"

SCHEMA = "persistence"
FUNCTIONS = (
    "without_content(bytea, text[])",
    "known_headers(json, text[])",
    "erase_session(text, text[], text[], text, text)",
)

WITHOUT_CONTENT = r"""
CREATE FUNCTION persistence.without_content(value bytea, kept text[]) RETURNS bytea
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    written text;
    body jsonb;
    data jsonb;
    structured boolean;
BEGIN
    written := convert_from(value, 'UTF8');
    IF position('\u0000' IN written) > 0 THEN  -- JSON knows it, and jsonb does not
        written := regexp_replace(written, '(?<!\\)((?:\\\\)*)\\u0000', '\1', 'g');
    END IF;
    body := written::jsonb;
    structured := body ? 'specversion' AND jsonb_typeof(body -> 'data') = 'object';
    data := CASE WHEN structured THEN body -> 'data' ELSE body END;
    IF jsonb_typeof(data) <> 'object' THEN
        RETURN convert_to('{}', 'UTF8');
    END IF;
    IF NOT EXISTS (SELECT FROM jsonb_object_keys(data) AS name WHERE name <> ALL (kept)) THEN
        RETURN value;
    END IF;
    SELECT jsonb_object_agg(each.key, CASE
        WHEN each.key = ANY (kept) THEN each.value
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

KNOWN_HEADERS = """
CREATE FUNCTION persistence.known_headers(headers json, known text[]) RETURNS json
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM json_array_elements(headers) AS each WHERE each ->> 0 <> ALL (known)
    ) THEN
        RETURN headers;
    END IF;
    RETURN coalesce((
        SELECT json_agg(each.pair ORDER BY each.place)
        FROM json_array_elements(headers) WITH ORDINALITY AS each(pair, place)
        WHERE each.pair ->> 0 = ANY (known)
    ), '[]');
EXCEPTION WHEN data_exception THEN
    RETURN '[]';
END $$
"""

ERASE_SESSION = """
CREATE FUNCTION persistence.erase_session(
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
    erased = sa.Column("erased", sa.Boolean, nullable=False, server_default=sa.text("false"))
    op.add_column("streams", erased, schema=SCHEMA)
    op.alter_column("erasures", "fields", new_column_name="kept", schema=SCHEMA)
    op.execute(f"DROP FUNCTION {SCHEMA}.erase_session(text, text[], text, text)")
    op.execute(f"DROP FUNCTION {SCHEMA}.blanked(bytea, text[])")
    for statement in (WITHOUT_CONTENT, KNOWN_HEADERS, ERASE_SESSION):
        op.execute(statement)
    for function in FUNCTIONS:
        op.execute(f"REVOKE ALL ON FUNCTION {SCHEMA}.{function} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {SCHEMA}.{function} TO {SCHEMA}")


def downgrade() -> None:
    # The release before knows no erased streams: what comes later of one would be written down, and
    # erasing would leave digests by which a guess can be tested. There is no way back to that.
    raise NotImplementedError("what was erased by these functions could be forgotten by the old")
