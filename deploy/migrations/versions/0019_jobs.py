# SPDX-License-Identifier: Apache-2.0
"""The desk works through many letters by itself, as jobs."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"

SCHEMA = "dead_letters"
KINDS = ("redrive", "discard")
STATES = ("running", "completed", "stopped")
OUTCOMES = ("sent", "discarded", "refused")


def upgrade() -> None:
    op.create_table(
        "jobs",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("operator", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("choice", sa.JSON, nullable=False),
        sa.Column("rate", sa.Float),
        sa.Column("batch", sa.Integer, nullable=False),
        sa.Column("stop_on_failures", sa.Float, nullable=False),
        sa.Column("wait_seconds", sa.Float, nullable=False),
        sa.Column("letters", sa.Integer, nullable=False),
        sa.Column("done", sa.Integer, nullable=False),
        sa.Column("judged", sa.Integer, nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("ended_by", sa.Text),
        sa.Column("why_ended", sa.Text),
        sa.Column("owner", sa.Text),
        sa.Column("lease_until", sa.DateTime(timezone=True)),
        sa.CheckConstraint(f"kind IN {KINDS}", name="jobs_kind"),
        sa.CheckConstraint(f"state IN {STATES}", name="jobs_state"),
        sa.CheckConstraint("judged <= done AND done <= letters", name="jobs_progress"),
        schema=SCHEMA,
    )
    op.create_index(
        "jobs_running",
        "jobs",
        ["id"],
        schema=SCHEMA,
        postgresql_where=sa.text("state = 'running'"),
    )
    op.create_table(
        "job_letters",
        sa.Column("job_id", sa.Uuid, sa.ForeignKey(f"{SCHEMA}.jobs.id"), primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True),
        sa.Column("letter_id", sa.Uuid, sa.ForeignKey(f"{SCHEMA}.letters.id"), nullable=False),
        sa.Column("redrive_count", sa.Integer, nullable=False),
        sa.Column("outcome", sa.Text),
        sa.Column("error", sa.Text),
        sa.Column("redrive_id", sa.Uuid),
        sa.CheckConstraint(f"outcome IN {OUTCOMES}", name="job_letters_outcome"),
        schema=SCHEMA,
    )
    for table in ("jobs", "job_letters"):
        op.execute(f"GRANT SELECT, INSERT, UPDATE ON {SCHEMA}.{table} TO {SCHEMA}")


def downgrade() -> None:
    for table in ("job_letters", "jobs"):
        op.drop_table(table, schema=SCHEMA)
