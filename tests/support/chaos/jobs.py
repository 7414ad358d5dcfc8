# SPDX-License-Identifier: Apache-2.0
"""Dead letters that go back in bulk, by jobs of the desk, whose replicas are killed meanwhile."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from tests.support.chaos.accounts import Clients
from tests.support.chaos.desk import BY_NATURE, NEW_TYPE, OPERATOR, is_hopeless, letters
from tests.support.chaos.fleet import Fleet
from tests.support.eventually import eventually

RATE = 20
"""How many letters a job sends in a second, so that there is a middle to be killed in."""

PATIENCE = 180


async def redrive_by_jobs(fleet: Fleet, clients: Clients) -> list[Mapping[str, Any]]:
    """Send back all open letters that a redrive may mend; return the jobs when they have ended.

    Where the desk has more than one replica, all of them are killed while the first job is at work:
    whoever is there again first goes on when the lease has run out.
    """
    jobs = [await _begin(clients, choice) for choice in await _choices(clients)]
    if jobs and len(fleet.of("dead_letters")) > 1:
        await eventually(partial(_is_at_work, clients, jobs[0]), timeout=PATIENCE)
        for replica in fleet.of("dead_letters"):
            fleet.kill(replica)
    return [await eventually(partial(_ended, clients, each), timeout=PATIENCE) for each in jobs]


async def job_problems(clients: Clients, jobs: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return a sentence for each job that has not ended well, and each letter it did not send.

    One whose record came to the service a second time, and was handled then, needs no redrive.
    """
    problems = [
        f"job {each['id']} is {each['state']} with {each['outcomes']} of {each['letters']} letters"
        for each in jobs
        if each["state"] != "completed" or each["outcomes"].get("waiting")
    ]
    for job in jobs:
        for each in await _refused(clients, job):
            letter = await clients.find("dead_letters", f"/v1/dead-letters/{each['id']}")
            if not letter or letter["status"] != "resolved":
                problems.append(f"job {job['id']} did not send {each['id']}: {each['error']}")
    return problems


async def _refused(clients: Clients, job: Mapping[str, Any]) -> list[dict[str, Any]]:
    path = f"/v1/jobs/{job['id']}/letters"
    ask = partial(clients.find, "dead_letters", path, outcome="refused", limit=1000)
    found: list[dict[str, Any]] = (await eventually(ask, timeout=PATIENCE))["items"]
    return found


async def _choices(clients: Clients) -> list[dict[str, str]]:
    """Return how to choose them so that no letter is in two jobs: by kind, or also by type."""
    waiting = [each for each in await letters(clients, status="open") if not is_hopeless(each)]
    kinds = sorted({each["kind"] for each in waiting})
    return [
        {"kind": kind, "event_type": NEW_TYPE} if kind in BY_NATURE else {"kind": kind}
        for kind in kinds
    ]


async def _begin(clients: Clients, choice: Mapping[str, str]) -> str:
    wish = {"kind": "redrive", "choice": choice, "rate": RATE, "stop_on_failures": 1, "wait": 0}
    answer = await clients.post("dead_letters", "/v1/jobs", {**wish, **OPERATOR})
    job: str = answer.raise_for_status().json()["job"]["id"]
    return job


async def _is_at_work(clients: Clients, job: str) -> bool:
    found = await clients.find("dead_letters", f"/v1/jobs/{job}")
    return bool(found and found["done"])


async def _ended(clients: Clients, job: str) -> Mapping[str, Any] | None:
    found: Mapping[str, Any] | None = await clients.find("dead_letters", f"/v1/jobs/{job}")
    return found if found and found["ended_at"] else None
