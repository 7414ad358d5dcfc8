# SPDX-License-Identifier: Apache-2.0
"""Work on many letters, done by the replicas of the desk."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update

from services.dead_letters.job_run import JobRun
from services.dead_letters.job_runner import JobRunner
from services.dead_letters.job_views import Job, JobLetter, JobRequest, JobStarted, StopRequest
from services.dead_letters.letters.job import JobState, Outcome
from services.dead_letters.letters.lifecycle import Status
from services.dead_letters.store.answers import KEY_REUSED, Refusal
from services.dead_letters.store.job_leases import JobLostError
from services.dead_letters.store.job_queries import find_job, job_letter_page
from services.dead_letters.store.job_work import JobWork
from services.dead_letters.tables import jobs
from services.dead_letters.views import RedriveRequest
from shared.events import (
    DeadLetterDiscarded,
    DeadLetterJobCompleted,
    DeadLetterJobStarted,
    DeadLetterJobStopped,
    DeadLetterRedriven,
    DeadLetterResolved,
)
from shared.messaging import OutgoingRecord, Record, headers as names
from tests.support.dead_letter_records import (
    EVENT_HEADERS,
    FAILED_AT,
    failed,
    read_back,
    source_record,
)
from tests.support.desk import TestDesk
from tests.support.eventually import eventually

pytestmark = pytest.mark.connected

EARLIER = FAILED_AT - timedelta(hours=1)


def event(sequence: int, session: str = "s-1") -> Record:
    changed = {"ce_sequence": str(sequence).encode(), "ce_subject": session.encode()}
    headers = tuple((name, changed.get(name, value)) for name, value in EVENT_HEADERS)
    return source_record(offset=sequence, key=session.encode(), headers=headers)


def wish(**changes: Any) -> JobRequest:
    values: dict[str, Any] = {
        "kind": "redrive",
        "operator": "ada",
        "reason": "mended",
        "choice": {"service": "metrics"},
        "stop_on_failures": 1,
    }
    return JobRequest.model_validate({**values, **changes})


async def begin(desk: TestDesk, **changes: Any) -> UUID:
    answer = await desk.jobs.start(wish(**changes), key=None)
    assert isinstance(answer, JobStarted)
    assert answer.job
    return answer.job.id


async def carry_out(replica: JobWork) -> None:
    [held] = await replica.leases.hold(at_most=1)
    await JobRun(job=held, steps=replica).run()


async def job_of(desk: TestDesk, job_id: UUID) -> Job:
    async with desk.database.connect() as connection:
        found = await find_job(connection, job_id)
    assert found
    return found


async def fates(desk: TestDesk, job_id: UUID, *outcomes: Outcome) -> list[JobLetter]:
    async with desk.database.connect() as connection:
        page = await job_letter_page(connection, job_id, after=0, limit=100, outcomes=outcomes)
    return page.items


def place(record: OutgoingRecord) -> tuple[str, int]:
    headers = dict(record.headers)
    return (headers["ce_subject"] or b"").decode(), int(headers[names.SEQUENCE] or b"")


async def sent(desk: TestDesk) -> list[tuple[str, int]]:
    return [place(each) for each in await desk.redriven()]


async def test_letters_go_out_session_by_session_the_one_that_failed_first_first(
    desk: TestDesk,
) -> None:
    """Fails if the order were that of their coming; the dry run has to show the same order."""
    await desk.keep(
        failed(event(2, "young")),
        failed(event(9, "old")),
        failed(event(1, "young")),
        failed(event(8, "old"), failed_at=EARLIER),
        failed(event(1, "not chosen"), service="audit"),
    )

    preview = await desk.jobs.start(wish(dry_run=True), key=None)
    untouched = await desk.outbox()
    job_id = await begin(desk)
    await carry_out(desk.replica("a"))

    expected = [("old", 8), ("old", 9), ("young", 1), ("young", 2)]
    assert isinstance(preview, JobStarted)
    assert (preview.job, untouched) == (None, [])
    assert [(each.session_id, each.sequence) for each in preview.items] == expected
    assert await sent(desk) == expected
    assert (await job_of(desk, job_id)).outcomes == {Outcome.SENT: 4}


async def test_a_job_and_each_of_its_letters_are_events(desk: TestDesk) -> None:
    await desk.keep(failed(event(1)), failed(event(2)))

    job_id = await begin(desk)
    await carry_out(desk.replica("a"))

    started, first, second, completed = await desk.events()
    assert isinstance(started, DeadLetterJobStarted)
    assert (started.letters, started.choice) == (2, {"service": "metrics"})
    assert (started.kind, started.operator, started.reason) == ("redrive", "ada", "mended")
    assert isinstance(first, DeadLetterRedriven)
    assert isinstance(second, DeadLetterRedriven)
    assert isinstance(completed, DeadLetterJobCompleted)
    assert (completed.job_id, completed.refused) == (str(job_id), 0)
    job = await job_of(desk, job_id)
    assert (job.state, job.done, job.ended_by) == (JobState.COMPLETED, 2, None)


async def test_another_replica_goes_on_where_one_was_killed_and_sends_nothing_twice(
    desk: TestDesk,
) -> None:
    """Safeguard: the letter, its outcome and the progress are one transaction under a lease.

    The one that is taken for dead still wants to go on: it can commit nothing any more.
    """
    await desk.keep(*(failed(event(sequence)) for sequence in (1, 2, 3)))
    job_id = await begin(desk)
    slow, other = desk.replica("slow"), desk.replica("other")
    await slow.leases.hold(at_most=1)
    await slow.act(job_id)
    none_yet = await other.leases.hold(at_most=1)
    await _let_leases_run_out(desk)

    await carry_out(other)
    with pytest.raises(JobLostError):
        await slow.act(job_id)

    assert none_yet == []
    assert await sent(desk) == [("s-1", 1), ("s-1", 2), ("s-1", 3)]
    assert (await job_of(desk, job_id)).state is JobState.COMPLETED


async def _let_leases_run_out(desk: TestDesk) -> None:
    async with desk.database.begin() as connection:
        await connection.execute(update(jobs).values(lease_until=FAILED_AT))


async def test_a_slow_replica_that_lost_its_job_sends_nothing(desk: TestDesk) -> None:
    """Safeguard: ``JobLeases.locked`` looks for the owner; else both would send the next letter."""
    await desk.keep(failed(event(1)), failed(event(2)))
    job_id = await begin(desk)
    slow, other = desk.replica("slow"), desk.replica("other")
    await slow.leases.hold(at_most=1)
    await _let_leases_run_out(desk)
    await other.leases.hold(at_most=1)

    with pytest.raises(JobLostError):
        await slow.act(job_id)

    assert await sent(desk) == []


async def test_it_stops_when_too_much_of_a_batch_came_back(desk: TestDesk) -> None:
    await desk.keep(*(failed(event(sequence)) for sequence in (1, 2, 3)))
    job_id = await begin(desk, batch=2, stop_on_failures=0.4, wait=0)
    replica = desk.replica("a")
    [held] = await replica.leases.hold(at_most=1)
    await replica.act(job_id)
    await replica.act(job_id)
    first, second = await desk.redriven()
    await desk.keep(failed(read_back(first, offset=40)))
    await _resolve(desk, second)

    await JobRun(job=held, steps=replica).run()

    job = await job_of(desk, job_id)
    assert (job.state, job.done, job.ended_by) == (JobState.STOPPED, 2, "dead_letters")
    assert job.why_ended == "1 of the last 2 letters came back"
    assert [each.outcome for each in await fates(desk, job_id)] == [
        Outcome.CAME_BACK,
        Outcome.HANDLED,
        Outcome.WAITING,
    ]
    stopped = (await desk.events())[-1]
    assert isinstance(stopped, DeadLetterJobStopped)
    assert (stopped.done, stopped.letters) == (2, 3)


async def _resolve(desk: TestDesk, record: OutgoingRecord) -> None:
    headers = dict(record.headers)
    told = DeadLetterResolved(
        aggregate_id="service:metrics",
        dead_letter_id=(headers[names.REDRIVE_LETTER] or b"").decode(),
        redrive_id=(headers[names.REDRIVE_ID] or b"").decode(),
        service="metrics",
        operator="metrics",
    )
    await desk.resolving.resolve([told])


async def test_an_operator_stops_a_job_where_it_is(desk: TestDesk) -> None:
    """Safeguard: the state in ``JobLeases.locked``; else the next letter would go out."""
    await desk.keep(failed(event(1)), failed(event(2)))
    job_id = await begin(desk)
    replica = desk.replica("a")
    await replica.leases.hold(at_most=1)
    await replica.act(job_id)
    stop = StopRequest(operator="bob", reason="wrong group")

    stopped = await desk.jobs.stop(job_id, stop, key=None)
    again = await desk.jobs.stop(job_id, stop, key=None)
    with pytest.raises(JobLostError):
        await replica.act(job_id)

    assert isinstance(stopped, Job)
    assert (stopped.state, stopped.ended_by) == (JobState.STOPPED, "bob")
    assert stopped.why_ended == "wrong group"
    assert isinstance(again, Refusal)
    assert again.status == 409
    assert await sent(desk) == [("s-1", 1)]
    last = (await desk.events())[-1]
    assert isinstance(last, DeadLetterJobStopped)
    assert (last.operator, last.reason, last.done) == ("bob", "wrong group", 1)


async def test_what_somebody_else_has_sent_since_it_was_chosen_is_refused(desk: TestDesk) -> None:
    """Safeguard: the redrive count of the choice; else the letter would go out a second time."""
    await desk.keep(failed(event(1)), failed(event(2)))
    job_id = await begin(desk)
    letter = (await desk.letters())[0].id
    await desk.redrive(letter, RedriveRequest(operator="bob"))
    [record] = await desk.redriven()
    await desk.keep(failed(read_back(record, offset=40)))

    await carry_out(desk.replica("a"))

    refused, other = await fates(desk, job_id)
    assert await fates(desk, job_id, Outcome.REFUSED) == [refused]
    assert (refused.outcome, other.outcome) == (Outcome.REFUSED, Outcome.SENT)
    assert "redriven meanwhile" in (refused.error or "")
    assert await sent(desk) == [("s-1", 1), ("s-1", 2)]


async def test_many_letters_are_given_up(desk: TestDesk) -> None:
    await desk.keep(failed(event(1)), failed(event(2)))

    job_id = await begin(desk, kind="discard")
    await carry_out(desk.replica("a"))

    assert {each.status for each in await desk.letters()} == {Status.DISCARDED}
    assert (await job_of(desk, job_id)).outcomes == {Outcome.DISCARDED: 2}
    assert sum(isinstance(each, DeadLetterDiscarded) for each in await desk.events()) == 2


async def test_a_request_under_one_key_begins_one_job(desk: TestDesk) -> None:
    await desk.keep(failed(event(1)))

    first = await desk.jobs.start(wish(), key="k")
    again = await desk.jobs.start(wish(), key="k")
    other = await desk.jobs.start(wish(reason="another"), key="k")

    assert first == again
    assert other == KEY_REUSED
    assert len(await desk.events()) == 1


async def test_a_replica_finds_jobs_by_itself_and_gives_them_back_when_it_stops(
    desk: TestDesk,
) -> None:
    await desk.keep(failed(event(1)), failed(event(2)))
    slow = await begin(desk, rate=0.01)
    quick = await begin(desk, kind="discard", choice={"service": "nobody"})
    replica = desk.replica("a")
    runner = JobRunner(replica.leases, replica, look=timedelta(milliseconds=20))

    await runner.start()
    try:
        await eventually(lambda: _is_complete(desk, quick))
        await eventually(lambda: _has_sent(desk, 1))
    finally:
        await runner.stop()
    taken = await desk.replica("b").leases.hold(at_most=8)

    assert [each.id for each in taken] == [slow]


async def _is_complete(desk: TestDesk, job_id: UUID) -> bool:
    return (await job_of(desk, job_id)).state is JobState.COMPLETED


async def _has_sent(desk: TestDesk, letters: int) -> bool:
    return len(await sent(desk)) == letters
