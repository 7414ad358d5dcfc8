# SPDX-License-Identifier: Apache-2.0
"""What persistence did for an operator and has yet to tell, in one table for all such actions.

Whoever does it writes the row in the transaction of the deed, so an event is told of each that was
done, and of none that was not. Before, only imports had that, in a column of their own.
"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"

SCHEMA = "persistence"
MOMENT = sa.DateTime(timezone=True)
UNTOLD = sa.text("announced_at IS NULL")

MOVE = """
INSERT INTO persistence.announcements (type, payload, correlation_id, occurred_at)
SELECT 'history_imported', json_build_object(
    'operator', i.imported_by,
    'reason', i.reason,
    'imported_session_id', i.aggregate_id,
    'events', i.last_sequence - i.first_sequence + 1,
    'digest', i.digest
), i.correlation_id, i.imported_at
FROM persistence.imports AS i WHERE i.announced_at IS NULL ORDER BY i.id
"""


def upgrade() -> None:
    op.create_table(
        "announcements",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("payload", sa.JSON, nullable=False),
        sa.Column("correlation_id", sa.Text, nullable=False),
        sa.Column("occurred_at", MOMENT, nullable=False),
        sa.Column("announced_at", MOMENT),
        schema=SCHEMA,
    )
    op.create_index(
        "announcements_untold", "announcements", ["id"], postgresql_where=UNTOLD, schema=SCHEMA
    )
    op.execute(f"REVOKE ALL ON {SCHEMA}.announcements FROM PUBLIC, {SCHEMA}")
    op.execute(f"GRANT SELECT, INSERT, UPDATE (announced_at) ON {SCHEMA}.announcements TO {SCHEMA}")
    op.execute(MOVE)
    op.drop_index("imports_untold", "imports", schema=SCHEMA)
    op.drop_column("imports", "announced_at", schema=SCHEMA)
    op.drop_column("imports", "correlation_id", schema=SCHEMA)


def downgrade() -> None:
    # What is untold then is told by nobody: the release before looks only for imports of its own.
    correlation = sa.Column("correlation_id", sa.Text, nullable=False, server_default="")
    op.add_column("imports", correlation, schema=SCHEMA)
    told = sa.Column("announced_at", MOMENT, server_default=sa.func.now())
    op.add_column("imports", told, schema=SCHEMA)
    for column in ("correlation_id", "announced_at"):
        op.alter_column("imports", column, server_default=None, schema=SCHEMA)
    op.create_index("imports_untold", "imports", ["id"], postgresql_where=UNTOLD, schema=SCHEMA)
    op.execute(f"GRANT UPDATE (announced_at) ON {SCHEMA}.imports TO {SCHEMA}")
    op.drop_table("announcements", schema=SCHEMA)
