# SPDX-License-Identifier: Apache-2.0
import asyncio
import base64
from collections.abc import AsyncGenerator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from deploy.embedded.sql import SqlConnection
from services.audit.api.routers import audit_routers
from services.audit.trail.export import verify_export
from services.audit.transparency import Checkpoint, Proof, VerifierKey
from services.audit.transparency.paths import verify_consistency
from shared.http import install_problems
from tests.support.audit_logs import ORIGIN
from tests.support.audit_service import AuditUnderTest, message, poison, record, records

pytestmark = pytest.mark.connected


@pytest.fixture
async def client(audit: AuditUnderTest) -> AsyncGenerator[httpx.AsyncClient]:
    app = FastAPI()
    install_problems(app)
    for router in audit_routers(
        audit.database, verifier=audit.verifier, key_of=audit.signer.verifier
    ):
        app.include_router(router)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://audit/v1") as client:
        yield client


async def get(client: httpx.AsyncClient, path: str, **query: Any) -> Any:
    response = await client.get(path, params=query)
    assert response.status_code == 200, response.text
    return response.json()


async def text(client: httpx.AsyncClient, path: str, **query: Any) -> str:
    response = await client.get(path, params=query)
    assert response.status_code == 200, response.text
    return response.text


async def the_log(client: httpx.AsyncClient) -> tuple[int, VerifierKey]:
    [log] = await get(client, "/logs")
    return log["id"], VerifierKey.parse(log["verifier_key"])


async def test_a_log_says_what_it_accounts_for(
    audit: AuditUnderTest, client: httpx.AsyncClient
) -> None:
    await audit.log([record(3), record(4)])
    await audit.sign()
    await audit.log([record(7), record(4, event=message(99))])

    [log] = await get(client, "/logs")

    assert log.pop("signed_at")
    assert log.pop("verifier_key").startswith(f"{ORIGIN}+")
    assert log == {
        "id": 1,
        "origin": ORIGIN,
        "entries": 4,
        "first_offset": 3,
        "last_offset": 7,
        "missing": 2,
        "rewritten": 1,
        "signed_entries": 2,
    }


async def test_the_checkpoint_is_one_that_the_key_of_the_log_opens(
    audit: AuditUnderTest, client: httpx.AsyncClient
) -> None:
    await audit.log(records(0, 5))
    await audit.sign()
    log, key = await the_log(client)

    note = await text(client, f"/logs/{log}/checkpoint")

    assert Checkpoint.open(note, key).size == 5


async def test_a_proof_holds_without_the_service(
    audit: AuditUnderTest, client: httpx.AsyncClient
) -> None:
    await audit.log(records(0, 5))
    await audit.sign()
    log, key = await the_log(client)

    proof = Proof.parse(await text(client, f"/entries/{log}/3/proof"))

    assert proof.verify(key).size == 5
    [entry] = [each for each in (await get(client, "/entries"))["entries"] if each["index"] == 3]
    assert entry["event"]["event_id"] in proof.leaf.decode()


async def test_a_consistency_proof_leads_from_one_checkpoint_to_the_next(
    audit: AuditUnderTest, client: httpx.AsyncClient
) -> None:
    async def grown(start: int) -> Checkpoint:
        await audit.log(records(start, start + 5))
        await audit.sign()
        log, key = await the_log(client)
        return Checkpoint.open(await text(client, f"/logs/{log}/checkpoint"), key)

    old, new = await grown(0), await grown(5)
    log, _ = await the_log(client)

    answer = await get(client, f"/logs/{log}/consistency", **{"from": old.size, "to": new.size})

    verify_consistency(
        [base64.b64decode(each) for each in answer["hashes"]],
        old_size=old.size,
        old_root=old.root,
        new_size=new.size,
        new_root=new.root,
    )


@pytest.mark.parametrize("contents", [True, False])
async def test_an_export_is_verified_without_the_service(
    audit: AuditUnderTest, client: httpx.AsyncClient, contents: bool
) -> None:
    for start in range(0, 1500, 500):
        await audit.log(records(start, start + 500))
        await audit.sign()
    log, key = await the_log(client)
    note = await text(client, f"/logs/{log}/checkpoint")

    exported = await text(client, f"/logs/{log}/export", contents=contents)

    lines = [line.encode() for line in exported.splitlines()]
    verdict = verify_export(lines, key, checkpoint=note)
    assert (verdict.tampering, verdict.proven) == (None, 1500)
    assert verdict.erased == (0 if contents else 1500)
    assert len(lines) == 1503


async def test_entries_are_found_by_what_is_known_of_them(
    audit: AuditUnderTest, client: httpx.AsyncClient
) -> None:
    await audit.log(
        [record(0), record(1, event=message(1, session="s-2")), poison(2, None), record(3)]
    )
    kind = "agentruntime.domain.message_received.v1"

    async def offsets(**query: Any) -> list[int]:
        return [each["offset"] for each in (await get(client, "/entries", **query))["entries"]]

    assert await offsets() == [0, 1, 2, 3]
    assert await offsets(session_id="s-2") == [1]
    assert await offsets(correlation_id="c-3") == [3]
    assert await offsets(type=kind) == [0, 1, 3]
    assert await offsets(type=kind, session_id="s-1") == [0, 3]
    assert await offsets(log=99) == []
    assert await offsets(**{"from": "2025-11-22T08:26:40.001Z"}) == [1, 3]
    assert await offsets(**{"from": "1970-01-01T00:00:00Z", "to": "2025-11-22T08:26:40.003Z"}) == [
        0,
        1,
    ]


async def test_entries_are_paged_to_the_last(
    audit: AuditUnderTest, client: httpx.AsyncClient
) -> None:
    await audit.log([*records(0, 5), record(9, partition=1)])
    seen, cursor = list[tuple[int, int]](), None
    for _ in range(4):
        page = await get(client, "/entries", limit=2, **({"cursor": cursor} if cursor else {}))
        seen += [(each["log"], each["index"]) for each in page["entries"]]
        cursor = page["next"]

    assert seen == [(1, 0), (1, 1), (1, 2), (1, 3), (1, 4), (2, 0)]
    assert cursor is None


async def test_a_duplicate_and_a_poison_record_say_what_they_are(
    audit: AuditUnderTest, client: httpx.AsyncClient
) -> None:
    await audit.log([record(0), record(1, event=message(0)), poison(2, b"")])

    first, second, third = (await get(client, "/entries"))["entries"]

    assert (first["duplicate_of"], second["duplicate_of"]) == (None, {"log": 1, "index": 0})
    assert (third["problem"], third["event"]) == ("empty", None)


async def test_a_session_is_summed_up_with_its_gaps(
    audit: AuditUnderTest, client: httpx.AsyncClient
) -> None:
    await audit.log(
        [record(offset, event=message(number)) for offset, number in enumerate((2, 3, 6))]
    )
    await audit.log([record(3, event=message(6)), record(4, event=message(0, session="s-2"))])

    session = await get(client, "/sessions/s-1")

    assert [each["offset"] for each in session.pop("entries")["entries"]] == [0, 1, 2, 3]
    assert session == {
        "session_id": "s-1",
        "records": 4,
        "events": 3,
        "duplicates": 1,
        "last_sequence": 7,
        "gaps": [[1, 2], [5, 6]],
        "by_type": {"agentruntime.domain.message_received.v1": 3},
    }


async def test_counts_agree_with_what_was_logged(
    audit: AuditUnderTest, client: httpx.AsyncClient
) -> None:
    await audit.log([record(0), record(1, event=message(0)), poison(2, None)])

    counts = await get(client, "/counts")

    assert counts["total"] == {"records": 3, "events": 1, "duplicates": 1, "opaque": 1}
    assert counts["by_log"] == {ORIGIN: counts["total"]}


async def test_a_verification_names_the_first_bad_entry(
    audit: AuditUnderTest, client: httpx.AsyncClient, intruder: SqlConnection
) -> None:
    await audit.log(records(0, 10))
    await audit.sign()
    sound = (await client.post("/verify", json={})).json()
    await intruder.execute("UPDATE audit.entries SET event_type = 'x' WHERE position = 4")

    tampered = (await client.post("/verify", json={"log": 1})).json()

    verdict = {"origin": ORIGIN, "ok": True, "sound": 10, "proven": 10, "erased": 0}
    nothing = {"problem": None, "first_bad_index": None, "last_bad_index": None}
    assert sound == {"ok": True, "logs": [{**verdict, **nothing}]}
    assert tampered["ok"] is False
    assert tampered["logs"][0]["first_bad_index"] == tampered["logs"][0]["last_bad_index"] == 4
    assert "entry 4 does not have the hash" in tampered["logs"][0]["problem"]


@pytest.mark.parametrize(
    ("path", "status", "detail"),
    [
        ("/logs/1/checkpoint", 404, "log 1 has no checkpoint yet"),
        ("/logs/9/checkpoint", 404, "log 9 has no checkpoint yet"),
        ("/logs/9/export", 404, "there is no log 9"),
        ("/logs/1/consistency?from=1&to=3", 422, "log 1 never had 3 entries"),
        ("/logs/9/consistency?from=0&to=0", 422, "log 9 never had 0 entries"),
        ("/logs/1/consistency?from=2&to=1", 422, "was never one of 2"),
        ("/logs/1/consistency?from=1", 422, "to"),
        ("/logs/1/consistency?from=-1&to=1", 422, "from"),
        ("/logs/abc/checkpoint", 422, "log"),
        ("/logs/99999999999999999999/checkpoint", 422, "log"),
        ("/entries?limit=0", 422, "limit"),
        ("/entries?from=yesterday", 422, "from"),
        ("/entries?colour=red", 422, "colour"),
        ("/entries/1/0/proof", 409, "not in a checkpoint yet"),
        ("/entries/1/2/proof", 404, "log 1 has no entry 2"),
        ("/entries/9/0/proof", 404, "log 9 has no entry 0"),
        ("/sessions/nobody", 404, "nothing is logged of session 'nobody'"),
        ("/sessions/a%00b", 422, "session_id"),
    ],
)
async def test_what_cannot_be_answered_says_why(
    audit: AuditUnderTest, client: httpx.AsyncClient, path: str, status: int, detail: str
) -> None:
    await audit.log(records(0, 2))

    response = await client.get(path)

    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert detail in response.json()["detail"]


async def test_a_second_verification_has_to_wait(
    audit: AuditUnderTest, client: httpx.AsyncClient
) -> None:
    await audit.log(records(0, 10))

    answers = await asyncio.gather(*(client.post("/verify", json={}) for _ in range(3)))

    assert sorted(each.status_code for each in answers) == [200, 409, 409]
    assert (await client.post("/verify", json={"log": 9})).status_code == 404
