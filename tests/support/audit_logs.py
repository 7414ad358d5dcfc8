# SPDX-License-Identifier: Apache-2.0
"""Audit logs for tests: entries that commit to real contents, and checkpoints over them."""

from collections.abc import Sequence
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services.audit.trail.entry import Contents, Entry, EventIdentity, pack_headers
from services.audit.trail.verification import LoggedEntry
from services.audit.transparency import Checkpoint, Frontier, Signer, hash_leaf

ORIGIN = "agent-runtime/a-cluster/agent-runtime.domain/0"
SIGNER = Signer(ORIGIN, Ed25519PrivateKey.from_private_bytes(b"\x01" * 32))


def contents(number: int, *, says: str = "") -> Contents:
    """Return the contents of a record."""
    return Contents(
        salt=number.to_bytes(32, "big"),
        key=b"s-1",
        value=f'{{"says":"{says or number}"}}'.encode(),
        headers=pack_headers([("ce_id", str(number).encode())]),
    )


def entry(number: int, held: Contents, *, offset: int | None = None) -> Entry:
    """Return the entry of event ``number`` that says what ``held`` says, at its offset if None."""
    return Entry(
        event=EventIdentity(
            aggregate_id="s-1",
            correlation_id="c-1",
            event_id=UUID(int=number),
            event_type="agentruntime.domain.message_received.v1",
            sequence=number + 1,
            session_id="s-1",
        ),
        headers_digest=held.headers_digest(),
        offset=number if offset is None else offset,
        origin=ORIGIN,
        payload_digest=held.payload_digest(),
        timestamp=1_763_800_000_000 + number,
    )


def logged(number: int, *, index: int | None = None, says: str = "") -> LoggedEntry:
    """Return a sound entry, at ``index`` if that is not its offset."""
    held = contents(number, says=says)
    described = entry(number, held)
    return LoggedEntry(
        index=number if index is None else index,
        entry=described,
        leaf_hash=hash_leaf(described.leaf()),
        contents=held,
    )


def log(size: int) -> list[LoggedEntry]:
    """Return a sound log."""
    return [logged(number) for number in range(size)]


def checkpoint(entries: Sequence[LoggedEntry], *, signer: Signer = SIGNER) -> str:
    """Return the signed checkpoint of a log that has exactly ``entries``."""
    frontier, _ = Frontier().extend(each.leaf_hash for each in entries)
    return Checkpoint(origin=signer.name, size=len(entries), root=frontier.root()).sign(signer)
