# SPDX-License-Identifier: Apache-2.0
"""Whether all that was promised is so, seen from outside: over HTTP, on Kafka and in SQL."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from deploy.embedded.sql import SqlConnection, connected
from shared.events import TaskCompleted, Topics
from shared.events.topics import CONSUMING_SERVICES
from tests.support.chaos.accounts import Clients, behind, until_caught_up
from tests.support.chaos.desk import NEW_TYPE, Contents, is_hopeless, letters, missing, redrive_all
from tests.support.chaos.fleet import Fleet
from tests.support.chaos.jobs import job_problems, redrive_by_jobs
from tests.support.chaos.later_release import VERSION
from tests.support.chaos.load import COUNTER, Load, Talk
from tests.support.chaos.poison import letters_of
from tests.support.chaos.saboteur import Saboteur
from tests.support.chaos.topics import all_records, ends_of, lag, out_of_order
from tests.support.eventually import eventually

PATIENCE = 240
ROUND = 10
UNEXPECTED = ("a batch failed unexpectedly", '"request failed"', '"turn failed"')
"""What a service logs when something happened that nobody has thought of."""

REPEATED_EFFECTS = """
    SELECT convert_from(records.value, 'UTF8')::json ->> 'effect_id', count(*)
    FROM persistence.events JOIN persistence.records USING (aggregate_id, sequence)
    WHERE events.type LIKE '%.tool_executed.v%' OR events.type LIKE '%.tool_execution_failed.v%'
    GROUP BY 1 HAVING count(*) > 1
"""

NOT_AUDITED = """
    SELECT events.*, letters.status FROM persistence.events
    LEFT JOIN audit.entries USING (event_id)
    LEFT JOIN dead_letters.letters
        ON letters.service = 'audit' AND letters.event_id = events.event_id::text
    WHERE entries.event_id IS NULL AND events.aggregate_id NOT LIKE 'service:%'
    ORDER BY events.aggregate_id, events.sequence LIMIT 20
"""


@dataclass(slots=True, kw_only=True)
class Verdict:
    """What was counted, and in sentences what is wrong."""

    counted: dict[str, object] = field(default_factory=dict[str, object])
    problems: list[str] = field(default_factory=list[str])

    def expect(self, name: str, found: object, wanted: object) -> None:
        """Count something, which has to be as wanted."""
        self.counted[name] = found
        if found != wanted:
            self.problems.append(f"{name}: {found}, not {wanted}")


async def judge(fleet: Fleet, load: Load, saboteur: Saboteur) -> Verdict:
    """Wait until everything has settled, and compare what everybody says."""
    verdict = Verdict(problems=list(load.problems))
    verdict.problems += [each.problem for each in saboteur.outcomes if each.problem]
    await fleet.until_ready(fleet.replicas)
    clients = Clients(fleet.urls)
    try:
        sessions = await _sessions(clients, load.talks, verdict)
        await _jobs(fleet, clients, verdict)
        await _settle(clients, sessions, verdict)
        await _dead_letters(clients, saboteur, verdict)
        await _totals(fleet, clients, verdict)
        await _audit(clients, verdict)
    finally:
        await clients.close()
    _files(fleet, load.talks, verdict)
    async with connected(fleet.admin_url) as connection:
        await _tables(connection, load, verdict)
        await _not_audited(connection, verdict)
        if saboteur.upgraded:
            await _both_versions(connection, verdict)
    await _on_kafka(fleet, saboteur, verdict)
    _logs(fleet, verdict)
    return verdict


async def _sessions(clients: Clients, talks: list[Talk], verdict: Verdict) -> Mapping[str, int]:
    """Return the sessions with their numbers of events; every accepted message is a turn."""
    sessions: dict[str, int] = {}
    ended = accepted = 0
    for talk in talks:
        session = await clients.find("orchestrator", f"/v1/sessions/{talk.session_id}")
        if session is None:
            verdict.problems.append(f"the orchestrator has lost session {talk.session_id}")
            continue
        sessions[talk.session_id] = session["last_sequence"]
        accepted += len(talk.exchanges)
        ended += sum(each.state == "completed" for each in talk.exchanges)
        if session["turn_count"] != len(talk.exchanges):
            verdict.problems.append(
                f"{talk.session_id} has {session['turn_count']} turns,"
                f" its client sent {len(talk.exchanges)} messages"
            )
        verdict.problems += [
            f"a turn {each.state or 'did not end'}: {each.content!r} {each.error}"
            for each in talk.exchanges
            if each.state != "completed"
        ]
    verdict.counted["sessions"] = len(sessions)
    verdict.counted["messages accepted"] = accepted
    verdict.expect("turns completed", ended, accepted)
    verdict.counted["events of sessions"] = sum(sessions.values())
    return sessions


async def _jobs(fleet: Fleet, clients: Clients, verdict: Verdict) -> None:
    jobs = await redrive_by_jobs(fleet, clients)
    verdict.counted["letters redriven by jobs"] = sum(each["done"] for each in jobs)
    await fleet.until_ready(fleet.replicas)
    verdict.problems += await job_problems(clients, jobs)


async def _settle(clients: Clients, sessions: Mapping[str, int], verdict: Verdict) -> None:
    """Send dead letters back until every service has every event."""
    loop = asyncio.get_running_loop()
    began, redriven = loop.time(), 0
    while True:
        redriven += await redrive_all(clients)
        accounts = await until_caught_up(clients, sessions, patience=ROUND)
        late = list(behind(sessions, accounts))
        if not late or loop.time() - began > PATIENCE:
            break
    verdict.counted["letters redriven"] = redriven
    for service, found in accounts.items():
        verdict.expect(f"events in {service}", sum(found.values()), sum(sessions.values()))
    verdict.problems += late[:20]


async def _dead_letters(clients: Clients, saboteur: Saboteur, verdict: Verdict) -> None:
    poisoned, contents = saboteur.poisoned, Contents(clients)

    async def all_there() -> list[str]:
        return missing(poisoned, await contents.found())

    async def none_missing() -> bool:
        return not await all_there()

    try:
        await eventually(none_missing, timeout=ROUND * 3)
    except AssertionError:
        verdict.problems += (await all_there())[:20]
    found = await contents.found()
    verdict.expect("letters of poison", found.total(), letters_of(poisoned))
    late = await letters(clients, service="orchestrator", event_type=NEW_TYPE)
    verdict.expect("letters of what nobody wanted", len(late), 0)
    waiting = [each for each in await letters(clients, status="open") if not is_hopeless(each)]
    verdict.expect("other letters that are open", len(waiting), 0)
    unanswered = await _until_answered(clients)
    verdict.expect("letters whose redrive nobody answered", unanswered, 0)


async def _until_answered(clients: Clients) -> int:
    """Return for how many letters nobody says what became of them when they were sent back."""

    async def none() -> bool:
        return not await letters(clients, status="redriven")

    with suppress(AssertionError):
        await eventually(none, timeout=ROUND * 3)
    return len(await letters(clients, status="redriven"))


async def _totals(fleet: Fleet, clients: Clients, verdict: Verdict) -> None:
    """Compare all events, those of services among them, where no broker has lost any."""
    if fleet.broker_forgets:
        return

    async def totals() -> tuple[int, ...]:
        persistence = await clients.find("persistence", "/v1/counts")
        audit = await clients.find("audit", "/v1/counts")
        metrics = await clients.find("metrics", "/v1/counts")
        if not (persistence and audit and metrics):
            return ()
        return persistence["events"], audit["total"]["events"], metrics["events"]["total"]

    async def agree() -> bool:
        return len(set(await totals())) == 1

    try:
        await eventually(agree, timeout=ROUND * 3)
    except AssertionError:
        verdict.problems.append(f"different totals: {await totals()}")
    verdict.counted["events altogether"] = (await totals())[0]


async def _audit(clients: Clients, verdict: Verdict) -> None:
    answer = await clients.post("audit", "/v1/verify", {})
    report: dict[str, Any] = answer.json()
    verdict.expect("audit verifies", report["ok"], True)
    verdict.counted["audit logs"] = len(report["logs"])


def _files(fleet: Fleet, talks: list[Talk], verdict: Verdict) -> None:
    """Compare the file of each session with what was asked for: each edit was made once."""
    right = 0
    for talk in talks:
        path = fleet.workspaces / talk.session_id / "files" / COUNTER
        text = path.read_text() if path.exists() else "nothing"
        if f"count {talk.count} end" in text:
            right += 1
        else:
            verdict.problems.append(f"{COUNTER} of {talk.session_id}: {text!r}, not {talk.count}")
    verdict.expect("files with every edit once", right, len(talks))


async def _tables(connection: SqlConnection, load: Load, verdict: Verdict) -> None:
    count = connection.fetchval
    verdict.expect(
        "messages in persistence",
        await count(
            "SELECT count(*) FROM persistence.events WHERE type LIKE '%.message_received.%'"
        ),
        load.accepted,
    )
    verdict.counted["tool calls"] = await count("SELECT count(*) FROM orchestrator.effects")
    verdict.expect(
        "tool calls without effect",
        await count("SELECT count(*) FROM orchestrator.effects WHERE state <> 'committed'"),
        0,
    )
    verdict.expect("effects told twice", len(await connection.fetch(REPEATED_EFFECTS)), 0)
    verdict.counted["records that came twice"] = await count(
        "SELECT coalesce(sum(times), 0)::int FROM persistence.anomalies WHERE kind = 'duplicate'"
    )
    verdict.expect(
        "conflicting events",
        await count("SELECT count(*) FROM persistence.anomalies WHERE kind <> 'duplicate'"),
        0,
    )
    verdict.expect(
        "sessions with a gap in persistence",
        await count(
            "SELECT count(*) FROM persistence.streams"
            " WHERE highest > version AND aggregate_id NOT LIKE 'service:%'"
        ),
        0,
    )
    for schema in ("orchestrator", "dead_letters"):
        verdict.expect(f"{schema} has to publish", await _left(connection, schema), 0)


async def _left(connection: SqlConnection, schema: str) -> int:
    """Return what an outbox keeps for itself, after the lease of a relay that was killed."""
    query = f"SELECT count(*) FROM {schema}.outbox WHERE published_at IS NULL"  # noqa: S608 -- ours

    async def nothing() -> bool:
        return not await connection.fetchval(query)

    with suppress(AssertionError):
        await eventually(nothing, timeout=ROUND * 3)
    left: int = await connection.fetchval(query)
    return left


async def _not_audited(connection: SqlConnection, verdict: Verdict) -> None:
    """Name the events that the audit log misses, and what the desk knows of their records."""
    verdict.problems += [
        f"not audited: {row['aggregate_id']} {row['sequence']}, {row['type']},"
        f" at {row['topic']}[{row['partition']}]@{row['offset']}, {row['status'] or 'no letter'}"
        for row in await connection.fetch(NOT_AUDITED)
    ]


async def _both_versions(connection: SqlConnection, verdict: Verdict) -> None:
    count = "SELECT count(*) FROM persistence.events WHERE type = $1"
    for version in (VERSION - 1, VERSION):
        name = f"agentruntime.domain.{TaskCompleted.name()}.v{version}"
        found = await connection.fetchval(count, name)
        verdict.counted[f"events of version {version}"] = found
        if not found:
            verdict.problems.append(f"there is no {name}")


async def _on_kafka(fleet: Fleet, saboteur: Saboteur, verdict: Verdict) -> None:
    topics = Topics(fleet.kafka.topic_prefix)
    events = await all_records(fleet.kafka, [topics.domain, topics.infrastructure])
    verdict.counted["records on the topics"] = len(events)
    if not saboteur.forgotten:  # what is published again comes after what is new
        disorder = out_of_order(events)
        verdict.expect("events out of order", len(disorder), 0)
        verdict.problems += disorder[:5]
    for service in CONSUMING_SERVICES:
        own = await all_records(fleet.kafka, [topics.retry(service)])
        await _expect_no_lag(fleet, service, {**ends_of(events), **ends_of(own)}, verdict)
    dead = await all_records(fleet.kafka, [topics.dead_letters])
    await _expect_no_lag(fleet, "dead_letters", ends_of(dead), verdict)


async def _expect_no_lag(
    fleet: Fleet, service: str, ends: Mapping[tuple[str, int], int], verdict: Verdict
) -> None:
    async def done() -> bool:
        return not await lag(fleet.kafka, service, ends)

    try:
        await eventually(done, timeout=ROUND * 3)
    except AssertionError:
        verdict.problems.append(f"{service} lags: {dict(await lag(fleet.kafka, service, ends))}")
    else:
        verdict.counted[f"lag of {service}"] = 0


def _logs(fleet: Fleet, verdict: Verdict) -> None:
    for path in sorted(fleet.logs.glob("*-?.log")):
        text = path.read_text(errors="replace")
        verdict.problems += [
            f"{path.name} has {text.count(words)} times {words!r}"
            for words in UNEXPECTED
            if words in text
        ]
