# SPDX-License-Identifier: Apache-2.0
"""Choices of letters, redriven and discarded by jobs of the desk."""

from typing import Any

import pytest
import typer

from services.agentctl.commands import letter_jobs
from tests.support.agentctl import Agentctl
from tests.support.dead_letter_views import FINGERPRINT, OTHER
from tests.support.http_answers import HttpAnswers
from tests.support.job_views import (
    JOB,
    job_letter_view,
    job_view,
    letter_id,
    preview_view,
    started_view,
)

JOBS = "/dead_letters/v1/jobs"
CHOICE = ("--group", FINGERPRINT, "--operator", "ada")
RUNNING = {"state": "running", "done": 0, "ended_at": None, "outcomes": {"waiting": 2}}


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(letter_jobs, "POLL", 0)


def on_job(services: HttpAnswers, *states: dict[str, Any], letters: list[Any]) -> None:
    """Answer that a job was begun, how far it is each time somebody asks, and its letters."""
    services.on(f"POST {JOBS}", started_view(job_view(**RUNNING)))
    services.on(f"GET {JOBS}/{JOB}", *states)
    services.on(f"GET {JOBS}/{JOB}/letters", {"items": letters, "next": None})


def begun(services: HttpAnswers) -> list[Any]:
    return [each.body for each in services.asked if each.method == "POST"]


def test_a_choice_is_a_job_of_the_desk_that_is_watched_until_its_end(
    agentctl: Agentctl, services: HttpAnswers
) -> None:
    """Fails if the loop were driven from here: nothing but the job may be asked for."""
    on_job(services, job_view(**RUNNING), job_view(), letters=[])

    outcome = agentctl(
        *("dlq", "redrive", *CHOICE, "--service", "metrics", "--since", "2026-03-01"),
        *("--reason", "mended", "--rate", "20", "--batch", "7"),
        *("--stop-on-failures", "0.2", "--wait", "3"),
    )

    assert outcome.code == 0
    assert outcome.out.splitlines() == [f"job {JOB}: completed", "2 letters: 2 handled"]
    assert begun(services) == [
        {
            "kind": "redrive",
            "choice": {
                "fingerprint": FINGERPRINT,
                "service": "metrics",
                "since": "2026-03-01T00:00:00Z",
            },
            "operator": "ada",
            "reason": "mended",
            "rate": 20,
            "batch": 7,
            "stop_on_failures": 0.2,
            "wait": 3,
            "dry_run": False,
        }
    ]
    assert services.asked[0].headers["idempotency-key"]


def test_json_is_the_job_and_all_of_its_letters(agentctl: Agentctl, services: HttpAnswers) -> None:
    services.on(f"POST {JOBS}", started_view(job_view()))
    pages = [job_letter_view(1)], [job_letter_view(2)]
    services.on(
        f"GET {JOBS}/{JOB}/letters",
        {"items": pages[0], "next": 1},
        {"items": pages[1], "next": None},
    )

    outcome = agentctl("dlq", "redrive", *CHOICE, "--json")

    assert outcome.data == {"job": job_view(), "letters": [*pages[0], *pages[1]]}
    assert services.asked[-1].query["after"] == ["1"]


def test_a_dry_run_shows_what_would_be_sent_in_which_order(
    agentctl: Agentctl, services: HttpAnswers
) -> None:
    lost = job_letter_view(2, session_id=None, sequence=None)
    services.on(f"POST {JOBS}", preview_view(job_letter_view(1), lost, of=5))

    outcome = agentctl("dlq", "redrive", *CHOICE, "--dry-run")

    assert (outcome.code, [each["dry_run"] for each in begun(services)]) == (0, [True])
    assert outcome.out.splitlines() == [
        f"{letter_id(1)}  s-1 #1  would be sent to metrics",
        f"{letter_id(2)}  no session  would be sent to metrics",
        "and 3 more",
        "5 letters: all would be sent",
    ]


def test_a_job_that_stopped_itself_fails_and_names_what_came_back(
    agentctl: Agentctl, services: HttpAnswers
) -> None:
    stopped = job_view(
        state="stopped",
        done=1,
        why_ended="1 of the last 1 letters came back",
        outcomes={"came_back": 1, "waiting": 1},
    )
    on_job(services, stopped, letters=[job_letter_view(1, "came_back")])

    outcome = agentctl("dlq", "redrive", *CHOICE)

    assert outcome.code == 1
    assert outcome.out.splitlines()[0] == f"{letter_id(1)}  s-1 #1  came back"
    assert "stopped: 1 of the last 1 letters came back" in outcome.err
    assert services.asked[-1].query["outcome"] == ["came_back", "refused"]


def test_refused_letters_are_named_and_the_command_fails(
    agentctl: Agentctl, services: HttpAnswers
) -> None:
    refused = job_letter_view(1, "refused", error="it was redriven meanwhile")
    done = job_view(outcomes={"refused": 1, "handled": 1})
    on_job(services, done, letters=[refused])

    outcome = agentctl("dlq", "redrive", *CHOICE)

    assert outcome.code == 1
    assert (
        outcome.out.splitlines()[0] == f"{letter_id(1)}  s-1 #1  refused: it was redriven meanwhile"
    )


def test_whoever_does_not_want_to_wait_is_told_how_to_see_and_stop_the_job(
    agentctl: Agentctl, services: HttpAnswers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fails if Ctrl-C ended the job, or left nobody knowing of it."""

    def interrupted(_: float) -> None:
        raise KeyboardInterrupt

    on_job(services, job_view(), letters=[])
    monkeypatch.setattr(letter_jobs, "sleep", interrupted)

    outcome = agentctl("dlq", "redrive", *CHOICE)

    assert outcome.code == 1
    assert f"agentctl dlq jobs show {JOB}" in outcome.err
    assert f"agentctl dlq jobs stop {JOB}" in outcome.err
    assert len(begun(services)) == 1


def test_a_detached_command_does_not_wait(agentctl: Agentctl, services: HttpAnswers) -> None:
    on_job(services, letters=[])

    outcome = agentctl("dlq", "redrive", *CHOICE, "--detach")

    assert (outcome.code, outcome.out.splitlines()[0]) == (0, f"job {JOB}: running")


@pytest.mark.parametrize("action", ["redrive", "discard"])
@pytest.mark.parametrize("choice", [(), ("--service", "metrics", OTHER)])
def test_without_a_clear_choice_nothing_is_done(
    agentctl: Agentctl, services: HttpAnswers, action: str, choice: tuple[str, ...]
) -> None:
    """Fails if no filter meant all letters."""
    outcome = agentctl("dlq", action, *choice, "--reason", "mended")

    assert (outcome.code, services.asked) == (1, [])


@pytest.mark.parametrize("action", ["redrive", "discard"])
def test_a_person_is_asked_before_many_letters_are_changed(
    agentctl: Agentctl, services: HttpAnswers, monkeypatch: pytest.MonkeyPatch, action: str
) -> None:
    services.on(f"POST {JOBS}", preview_view(job_letter_view(1), job_letter_view(2)))
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    asked: list[str] = []

    def no(question: str, **_: Any) -> None:
        asked.append(question)
        raise typer.Abort

    monkeypatch.setattr("typer.confirm", no)

    outcome = agentctl("dlq", action, "--kind", "fatal", "--reason", "r")

    assert (outcome.code, asked) == (1, [f"{action} 2 letters?"])
    assert [each["dry_run"] for each in begun(services)] == [True]


def test_a_choice_is_discarded_with_a_reason(agentctl: Agentctl, services: HttpAnswers) -> None:
    done = job_view(kind="discard", outcomes={"discarded": 2})
    on_job(services, done, letters=[])

    without = agentctl("dlq", "discard", "--kind", "fatal")
    outcome = agentctl("dlq", "discard", "--kind", "fatal", "--reason", "gone", "--by", "ada")

    assert (without.code, outcome.code) == (2, 0)
    assert begun(services) == [
        {
            "kind": "discard",
            "choice": {"kind": "fatal"},
            "operator": "ada",
            "reason": "gone",
            "dry_run": False,
        }
    ]


def test_jobs_are_listed(agentctl: Agentctl, services: HttpAnswers) -> None:
    summary = job_view()
    del summary["outcomes"]
    services.on(f"GET {JOBS}", {"items": [summary], "next": JOB})

    outcome = agentctl("dlq", "jobs", "list")

    for text in (JOB, "completed", "redrive", "2 of 2", "ada", f"--cursor {JOB}"):
        assert text in outcome.out
    assert outcome.widest <= 100


@pytest.mark.parametrize(("options", "asked"), [((), ["came_back", "refused"]), (("--all",), None)])
def test_a_job_is_shown_with_the_letters_that_need_somebody(
    agentctl: Agentctl, services: HttpAnswers, options: tuple[str, ...], asked: list[str] | None
) -> None:
    job = job_view(rate=20, why_ended="enough", ended_by="bob")
    on_job(services, job, letters=[job_letter_view(1, "came_back")])

    outcome = agentctl("dlq", "jobs", "show", JOB, *options)

    for text in ("20 per second", "enough", "bob", f"fingerprint {FINGERPRINT}", letter_id(1)):
        assert text in outcome.out
    assert services.asked[-1].query.get("outcome") == asked


def test_a_job_is_stopped_with_a_reason(agentctl: Agentctl, services: HttpAnswers) -> None:
    services.on(f"POST {JOBS}/{JOB}/stop", job_view(state="stopped"))

    outcome = agentctl("dlq", "jobs", "stop", JOB, "--reason", "wrong group", "--by", "bob")

    assert (outcome.code, "stopped" in outcome.out) == (0, True)
    assert begun(services) == [{"operator": "bob", "reason": "wrong group"}]
