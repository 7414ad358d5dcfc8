# SPDX-License-Identifier: Apache-2.0
"""The orchestrator: sessions, turns and their steps, the ledger of effects, approvals, outbox."""

from alembic import op

from shared.outbox.migration import create_outbox

revision = "0002"
down_revision = "0001"

SCHEMA = "orchestrator"
TABLES = ("idempotency_keys", "sessions", "turns", "steps", "effects", "approvals")

CREATE = """
CREATE TABLE orchestrator.idempotency_keys (
    scope TEXT NOT NULL,
    key TEXT NOT NULL,
    request_digest TEXT NOT NULL,
    subject TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    PRIMARY KEY (scope, key)
);
CREATE INDEX idempotency_keys_created_at ON orchestrator.idempotency_keys (created_at);

CREATE TABLE orchestrator.sessions (
    id TEXT NOT NULL,
    state TEXT NOT NULL,
    agent TEXT NOT NULL,
    title TEXT NOT NULL,
    created_by TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
    last_sequence BIGINT NOT NULL,
    agent_sequence BIGINT NOT NULL,
    message_count INTEGER NOT NULL,
    turn_count INTEGER NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX sessions_updated_at ON orchestrator.sessions (updated_at DESC, id);

CREATE TABLE orchestrator.turns (
    id TEXT NOT NULL,
    session_id TEXT NOT NULL,
    number INTEGER NOT NULL,
    state TEXT NOT NULL,
    agent TEXT NOT NULL,
    message TEXT NOT NULL,
    correlation_id TEXT NOT NULL,
    causation_id UUID,
    trace TEXT,
    accepted_at TIMESTAMP WITH TIME ZONE NOT NULL,
    started_at TIMESTAMP WITH TIME ZONE,
    ended_at TIMESTAMP WITH TIME ZONE,
    agent_started_at TIMESTAMP WITH TIME ZONE,
    asking_id UUID,
    handovers SMALLINT DEFAULT 0 NOT NULL,
    lease_owner TEXT,
    lease_until TIMESTAMP WITH TIME ZONE,
    reply TEXT,
    error TEXT,
    PRIMARY KEY (id),
    UNIQUE (session_id, number),
    FOREIGN KEY(session_id) REFERENCES orchestrator.sessions (id)
);
CREATE UNIQUE INDEX turns_one_at_a_time ON orchestrator.turns (session_id)
    WHERE state IN ('running', 'waiting');
CREATE INDEX turns_to_do ON orchestrator.turns (accepted_at) WHERE state IN ('queued', 'running');

CREATE TABLE orchestrator.steps (
    turn_id TEXT NOT NULL,
    number INTEGER NOT NULL,
    session_id TEXT NOT NULL,
    turn_number INTEGER NOT NULL,
    agent TEXT NOT NULL,
    message BYTEA NOT NULL,
    input_tokens INTEGER DEFAULT 0 NOT NULL,
    output_tokens INTEGER DEFAULT 0 NOT NULL,
    cost_usd NUMERIC(18, 9),
    PRIMARY KEY (turn_id, number),
    FOREIGN KEY(turn_id) REFERENCES orchestrator.turns (id)
);
CREATE INDEX steps_of_session ON orchestrator.steps (session_id, turn_number, number);

CREATE TABLE orchestrator.effects (
    effect_id UUID NOT NULL,
    session_id TEXT NOT NULL,
    turn_id TEXT NOT NULL,
    step INTEGER NOT NULL,
    position SMALLINT NOT NULL,
    call_id TEXT NOT NULL,
    tool TEXT NOT NULL,
    agent TEXT NOT NULL,
    arguments JSON NOT NULL,
    arguments_digest TEXT NOT NULL,
    state TEXT NOT NULL,
    cause_id UUID,
    started_at TIMESTAMP WITH TIME ZONE,
    result TEXT,
    requested_at TIMESTAMP WITH TIME ZONE NOT NULL,
    ended_at TIMESTAMP WITH TIME ZONE,
    PRIMARY KEY (effect_id),
    UNIQUE (turn_id, step, position),
    FOREIGN KEY(turn_id) REFERENCES orchestrator.turns (id)
);

CREATE TABLE orchestrator.approvals (
    id TEXT NOT NULL,
    session_id TEXT NOT NULL,
    turn_id TEXT NOT NULL,
    effect_id UUID NOT NULL,
    agent TEXT NOT NULL,
    tool TEXT NOT NULL,
    arguments JSON NOT NULL,
    arguments_digest TEXT NOT NULL,
    policy_version TEXT NOT NULL,
    state TEXT NOT NULL,
    decided_by TEXT,
    reason TEXT,
    requested_at TIMESTAMP WITH TIME ZONE NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    decided_at TIMESTAMP WITH TIME ZONE,
    PRIMARY KEY (id),
    FOREIGN KEY(turn_id) REFERENCES orchestrator.turns (id),
    FOREIGN KEY(effect_id) REFERENCES orchestrator.effects (effect_id)
);
CREATE INDEX approvals_of_session ON orchestrator.approvals (session_id, requested_at);
CREATE INDEX approvals_open ON orchestrator.approvals (expires_at) WHERE state = 'open';
"""


def upgrade() -> None:
    for statement in CREATE.split(";"):
        if statement.strip():
            op.execute(statement)
    for table in TABLES:
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {SCHEMA}.{table} TO {SCHEMA}")
    create_outbox(op.get_bind(), schema=SCHEMA, role=SCHEMA)


def downgrade() -> None:
    for table in (*reversed(TABLES), "outbox", "outbox_shards", "outbox_relays"):
        op.execute(f"DROP TABLE {SCHEMA}.{table}")
