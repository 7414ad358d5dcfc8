# SPDX-License-Identifier: Apache-2.0
"""Letters can be edited: a new event takes the place of the one that failed."""

from alembic import op

revision = "0016"
down_revision = "0015"

BEFORE = ("open", "redriven", "resolved", "discarded", "parked")
AFTER = (*BEFORE, "edited")


def upgrade() -> None:
    _allow(AFTER)


def downgrade() -> None:
    op.execute("UPDATE dead_letters.letters SET status = 'discarded' WHERE status = 'edited'")
    _allow(BEFORE)


def _allow(statuses: tuple[str, ...]) -> None:
    op.drop_constraint("letters_status", "letters", schema="dead_letters")
    op.create_check_constraint(
        "letters_status", "letters", f"status IN {statuses}", schema="dead_letters"
    )
