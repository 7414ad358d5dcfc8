# SPDX-License-Identifier: Apache-2.0
"""What is said about logs, and what can be asked of them."""

from datetime import datetime
from typing import Self

from pydantic import Field

from services.audit.api.view import View
from services.audit.store.log_queries import LogState
from services.audit.trail.verification import Verdict
from services.audit.transparency import VerifierKey


class Log(View):
    """A log: which offsets it accounts for, and how much of it is signed.

    ``missing`` counts the offsets between the first and the last that no record had, ``rewritten``
    the records at offsets that had held another record before. An honest broker makes neither,
    except that compacted and transactional topics have offsets without records.
    """

    id: int
    origin: str
    entries: int
    first_offset: int | None
    last_offset: int | None
    missing: int
    rewritten: int
    signed_entries: int
    signed_at: datetime | None
    verifier_key: str

    @classmethod
    def of(cls, state: LogState, verifier: VerifierKey) -> Self:
        """Return a view of ``state``."""
        head = state.head
        return cls(
            id=head.log_id,
            origin=state.origin,
            entries=head.frontier.size,
            first_offset=head.first_offset,
            last_offset=head.last_offset,
            missing=head.missing,
            rewritten=head.rewritten,
            signed_entries=state.signed_size,
            signed_at=state.signed_at,
            verifier_key=str(verifier),
        )


class Consistency(View):
    """The proof, in base64, that a log only grew between two sizes."""

    log: int
    from_size: int
    to_size: int
    hashes: list[str]


class VerifyRequest(View):
    """Which log to verify; without one, all of them."""

    log: int | None = Field(default=None, ge=0, lt=2**31)


class LogVerdict(View):
    """What the verification of a log found.

    The first ``sound`` entries are as they were logged, and a signed checkpoint stands for the
    first ``proven`` of them. The first bad entry is one from ``first_bad_index`` to
    ``last_bad_index``.
    """

    origin: str
    ok: bool
    sound: int
    proven: int
    erased: int
    problem: str | None = None
    first_bad_index: int | None = None
    last_bad_index: int | None = None

    @classmethod
    def of(cls, verdict: Verdict) -> Self:
        """Return a view of ``verdict``."""
        tampering = verdict.tampering
        return cls(
            origin=verdict.origin,
            ok=tampering is None,
            sound=verdict.sound,
            proven=verdict.proven,
            erased=verdict.erased,
            problem=str(tampering) if tampering else None,
            first_bad_index=tampering.first if tampering else None,
            last_bad_index=tampering.end - 1 if tampering else None,
        )


class VerificationReport(View):
    """The verdicts; ``ok`` if nothing is wrong with any of the logs."""

    ok: bool
    logs: list[LogVerdict]
