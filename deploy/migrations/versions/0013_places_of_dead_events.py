# SPDX-License-Identifier: Apache-2.0
"""Letters know the place of their event, so that who discards one can say what is passed over.

Letters from before get it from the headers they came with last, where these can be read.
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

SCHEMA = "dead_letters"
COLUMNS = (
    ("aggregate_id", sa.Text()),
    ("sequence", sa.BigInteger()),
    ("occurred_at", sa.DateTime(timezone=True)),
)
_HEADERS = """
    SELECT DISTINCT ON (d.letter_id, h.pair ->> 0) d.letter_id, h.pair ->> 0 AS name,
           encode(decode(h.pair ->> 1, 'base64'), 'escape') AS value
    FROM dead_letters.deliveries d, json_array_elements(d.headers) WITH ORDINALITY h(pair, place)
    WHERE h.pair ->> 0 IN ('ce_subject', 'ce_sequence') AND h.pair ->> 1 IS NOT NULL
    ORDER BY d.letter_id, h.pair ->> 0, d.id DESC, h.place DESC
"""
_SUBJECT = r"^[A-Za-z0-9:/._-]{1,200}$"
_SEQUENCE = r"^0*[1-9][0-9]{0,17}$"


def upgrade() -> None:
    for name, column_type in COLUMNS:
        op.add_column("letters", sa.Column(name, column_type), schema=SCHEMA)
    for column, header, pattern, kind in (
        ("aggregate_id", "ce_subject", _SUBJECT, "text"),
        ("sequence", "ce_sequence", _SEQUENCE, "bigint"),
    ):
        op.execute(
            f"UPDATE dead_letters.letters l SET {column} = h.value::{kind} FROM ({_HEADERS}) h"  # noqa: S608 -- constants
            f" WHERE h.letter_id = l.id AND h.name = '{header}' AND h.value ~ '{pattern}'"
        )


def downgrade() -> None:
    for name, _ in COLUMNS:
        op.drop_column("letters", name, schema=SCHEMA)
