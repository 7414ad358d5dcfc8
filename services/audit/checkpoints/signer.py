# SPDX-License-Identifier: Apache-2.0
"""Signs what a log has grown to, and never anything that contradicts what was signed before."""

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from services.audit.store.rows import read_head
from services.audit.store.selecting import AnyRow, AnySelect, select_all
from services.audit.store.stored_tree import StoredTree
from services.audit.tables import checkpoints, heads, logs
from services.audit.trail.appending import Head
from services.audit.transparency import Checkpoint, Note, Signer, VerifierKey
from services.audit.transparency.paths import verify_consistency
from shared.database import Database

EMPTY_LOG = Head(log_id=0)


class CheckpointSigner:
    """Signs checkpoints with the key of this service; every log has it under its own name."""

    def __init__(self, database: Database, private_key: Ed25519PrivateKey) -> None:
        self._database = database
        self._private_key = private_key

    def verifier(self, origin: str) -> VerifierKey:
        """Return the key that verifies the checkpoints of a log."""
        return self._signer(origin).verifier

    def _signer(self, origin: str) -> Signer:
        return Signer(origin, self._private_key)

    async def unsigned(self) -> set[int]:
        """Return the logs that have entries which no checkpoint stands for."""
        newest = select(func.max(checkpoints.c.size)).where(checkpoints.c.log_id == heads.c.log_id)
        query = select(heads.c.log_id).where(
            heads.c.size > func.coalesce(newest.scalar_subquery(), 0)
        )
        return {row.log_id for row in await select_all(self._database, query)}

    async def sign(self, log_id: int) -> Checkpoint:
        """Sign the log as it is now, once it is proved to extend what was last signed.

        Raises:
            VerificationError: it does not; nothing was signed.
            DependencyDownError: the database does not answer.
        """
        async with self._database.begin() as connection:
            row = (await connection.execute(_newest(log_id))).one()
            old, new = _signed(row), _current(row)
            path = await StoredTree(connection, log_id).consistency_proof(old.size, new.size)
            verify_consistency(
                path,
                old_size=old.size,
                old_root=old.root,
                new_size=new.size,
                new_root=new.root,
            )
            note = new.sign(self._signer(new.origin))
            await connection.execute(
                insert(checkpoints)
                .values(log_id=log_id, size=new.size, note=note)
                .on_conflict_do_nothing()
            )
        return new


def _newest(log_id: int) -> AnySelect:
    """Select the head of a log with its newest checkpoint, as of one moment."""
    newest = (
        select(checkpoints.c.note)
        .where(checkpoints.c.log_id == log_id)
        .order_by(checkpoints.c.size.desc())
        .limit(1)
        .scalar_subquery()
    )
    return (
        select(logs.c.origin, heads, newest.label("note"))
        .join(heads, heads.c.log_id == logs.c.log_id)
        .where(logs.c.log_id == log_id)
    )


def _current(row: AnyRow) -> Checkpoint:
    frontier = read_head(row).frontier
    return Checkpoint(origin=row.origin, size=frontier.size, root=frontier.root())


def _signed(row: AnyRow) -> Checkpoint:
    """Return what was last signed; at first, that the log was empty once."""
    if row.note is None:
        return Checkpoint(origin=row.origin, size=0, root=EMPTY_LOG.frontier.root())
    return Checkpoint.parse(Note.parse(row.note).text)
