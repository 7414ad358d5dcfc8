# SPDX-License-Identifier: Apache-2.0
"""What the desk answers about jobs, made by the models that it answers with."""

from typing import Any

from services.dead_letters.job_views import Job, JobLetter, JobStarted
from tests.support.dead_letter_views import FINGERPRINT, MOMENT

JOB = "01890a5d-ac96-774b-bcce-b302099a8099"


def letter_id(number: int) -> str:
    """Return the id of the letter at a position."""
    return f"01890a5d-ac96-774b-bcce-{number:012}"


def job_view(**changes: Any) -> dict[str, Any]:
    """Return a job of two letters that ran to its end."""
    values: dict[str, Any] = {
        "id": JOB,
        "kind": "redrive",
        "state": "completed",
        "operator": "ada",
        "reason": "mended",
        "choice": {"fingerprint": FINGERPRINT},
        "rate": None,
        "batch": 50,
        "stop_on_failures": 0.5,
        "wait": 10,
        "letters": 2,
        "done": 2,
        "started_at": MOMENT,
        "ended_at": MOMENT,
        "ended_by": None,
        "why_ended": None,
        "outcomes": {"handled": 2},
        **changes,
    }
    return Job.model_validate(values).model_dump(mode="json")


def job_letter_view(position: int, outcome: str = "handled", **changes: Any) -> dict[str, Any]:
    """Return a letter of a job."""
    values: dict[str, Any] = {
        "position": position,
        "id": letter_id(position),
        "service": "metrics",
        "session_id": "s-1",
        "sequence": position,
        "outcome": outcome,
        "error": None,
        **changes,
    }
    return JobLetter.model_validate(values).model_dump(mode="json")


def preview_view(*letters: dict[str, Any], of: int | None = None) -> dict[str, Any]:
    """Return what a dry run answers."""
    values = {"dry_run": True, "letters": of or len(letters), "items": letters}
    return JobStarted.model_validate(values).model_dump(mode="json")


def started_view(job: dict[str, Any]) -> dict[str, Any]:
    """Return what the beginning of a job answers."""
    values = {"dry_run": False, "letters": job["letters"], "job": job}
    return JobStarted.model_validate(values).model_dump(mode="json")
