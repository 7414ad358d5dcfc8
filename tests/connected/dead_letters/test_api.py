# SPDX-License-Identifier: Apache-2.0
import base64
from collections.abc import AsyncGenerator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from services.dead_letters.api import dead_letters_router
from shared.errors import PermanentError, TransientError
from shared.events.topics import CONSUMING_SERVICES
from shared.http import install_problems
from tests.support.dead_letter_records import (
    EVENT_HEADERS,
    FAILED_AT,
    failed,
    raised,
    source_record,
)
from tests.support.desk import TestDesk

pytestmark = pytest.mark.connected

NOBODY = "01890a5d-ac96-774b-bcce-b302099a8057"
HOUR = timedelta(hours=1)
OTHER_SESSION = tuple(
    (name, b"s-2") if name == "ce_subject" else (name, value) for name, value in EVENT_HEADERS
)


@pytest.fixture
async def client(desk: TestDesk) -> AsyncGenerator[httpx.AsyncClient]:
    app = FastAPI()
    install_problems(app)
    app.include_router(dead_letters_router(desk.database, desk.desk, services=CONSUMING_SERVICES))
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://desk") as client:
        yield client


async def items(client: httpx.AsyncClient, path: str = "", **query: Any) -> list[dict[str, Any]]:
    response = await client.get(f"/v1/dead-letters{path}", params=query)
    assert response.status_code == 200, response.text
    found: list[dict[str, Any]] = response.json()["items"]
    return found


async def fill(desk: TestDesk) -> None:
    await desk.keep(
        failed(source_record(offset=1), raised(PermanentError("no")), service="metrics"),
        failed(source_record(offset=2), raised(PermanentError("no")), service="metrics"),
        failed(
            source_record(offset=3, headers=OTHER_SESSION),
            raised(TransientError("later")),
            service="audit",
            failed_at=FAILED_AT + HOUR,
        ),
    )


@pytest.mark.parametrize(
    ("query", "offsets"),
    [
        ({}, [3, 2, 1]),
        ({"service": "metrics"}, [2, 1]),
        ({"kind": "exhausted"}, [3]),
        ({"error_class": "shared.errors.PermanentError"}, [2, 1]),
        ({"event_type": "agentruntime.domain.message_received.v1"}, [3, 2, 1]),
        ({"session": "s-2"}, [3]),
        ({"status": "open"}, [3, 2, 1]),
        ({"status": "discarded"}, []),
        ({"since": (FAILED_AT + HOUR).isoformat()}, [3]),
        ({"until": (FAILED_AT + HOUR).isoformat()}, [2, 1]),
        ({"service": "metrics", "kind": "exhausted"}, []),
    ],
)
async def test_letters_are_found_by_what_is_known_of_them(
    client: httpx.AsyncClient, desk: TestDesk, query: dict[str, str], offsets: list[int]
) -> None:
    await fill(desk)

    assert [each["origin_offset"] for each in await items(client, **query)] == offsets


async def test_pages_follow_each_other_without_gap_or_repetition(
    client: httpx.AsyncClient, desk: TestDesk
) -> None:
    await desk.keep(*(failed(source_record(offset=each)) for each in range(5)))
    pages: list[list[str]] = []
    cursor: str | None = None
    while True:
        query = {"limit": "2", **({"cursor": cursor} if cursor else {})}
        page = (await client.get("/v1/dead-letters", params=query)).json()
        pages.append([each["id"] for each in page["items"]])
        cursor = page["next"]
        if cursor is None:
            break

    assert [len(each) for each in pages] == [2, 2, 1]
    found = [each for page in pages for each in page]
    assert found == [str(each.id) for each in reversed(await desk.letters())]


async def test_failures_of_one_cause_are_one_group(
    client: httpx.AsyncClient, desk: TestDesk
) -> None:
    await fill(desk)

    last, first = await items(client, "/groups")

    assert (last["service"], last["letters"], last["kind"]) == ("audit", 1, "exhausted")
    assert (first["service"], first["letters"], first["sessions"]) == ("metrics", 2, 1)
    assert first["by_status"]["open"] == 2
    assert first["error_message"] == "no"
    members = await items(client, fingerprint=first["fingerprint"])
    assert first["sample_id"] == members[0]["id"]
    assert {each["origin_offset"] for each in members} == {1, 2}
    assert [each["service"] for each in await items(client, "/groups", service="audit")] == [
        "audit"
    ]


async def test_one_letter_is_shown_with_everything(
    client: httpx.AsyncClient, desk: TestDesk
) -> None:
    odd = (("a", None), ("b", b"\xff"), *EVENT_HEADERS)
    await desk.keep(failed(source_record(value="{é}".encode(), headers=odd)))
    [summary] = await items(client)

    letter = (await client.get(f"/v1/dead-letters/{summary['id']}")).json()

    assert {name: letter[name] for name in summary} == summary
    assert letter["body"] == {
        "size": 4,
        "text": "{é}",
        "base64": base64.b64encode("{é}".encode()).decode(),
    }
    assert letter["key"]["text"] == "s-1"
    assert letter["headers"][:2] == [
        {"name": "a", "text": None, "base64": None},
        {"name": "b", "text": None, "base64": "/w=="},
    ]
    assert "raise error" in letter["stack"]
    assert (letter["can_redrive"], letter["why_not"]) == (True, None)
    assert letter["places"][0]["offset"] == 0


async def test_a_body_that_is_no_text_is_shown_in_base64_only(
    client: httpx.AsyncClient, desk: TestDesk
) -> None:
    await desk.keep(failed(source_record(key=None, value=b"\xff\x00")))
    [summary] = await items(client)

    letter = (await client.get(f"/v1/dead-letters/{summary['id']}")).json()

    assert letter["body"] == {"size": 2, "text": None, "base64": "/wA="}
    assert letter["key"] is None


async def test_a_letter_is_redriven_once_for_each_idempotency_key(
    client: httpx.AsyncClient, desk: TestDesk
) -> None:
    await desk.keep(failed(source_record()))
    path = f"/v1/dead-letters/{(await desk.only_letter()).id}/redrive"
    body = {"operator": "ada", "reason": "mended"}

    first = await client.post(path, json=body, headers={"Idempotency-Key": "1"})
    again = await client.post(path, json=body, headers={"Idempotency-Key": "1"})
    other = await client.post(path, json=body, headers={"Idempotency-Key": "2"})

    assert (first.status_code, again.status_code, other.status_code) == (200, 200, 409)
    assert first.json() == again.json()
    assert first.json()["letter"]["status"] == "redriven"
    assert other.headers["content-type"] == "application/problem+json"
    assert other.json()["detail"].startswith("the letter is redriven")


async def test_a_letter_is_discarded_with_a_reason(
    client: httpx.AsyncClient, desk: TestDesk
) -> None:
    await desk.keep(failed(source_record()))
    path = f"/v1/dead-letters/{(await desk.only_letter()).id}/discard"

    without = await client.post(path, json={"operator": "ada", "reason": ""})
    response = await client.post(path, json={"operator": "ada", "reason": "gone"})

    assert (without.status_code, response.status_code) == (422, 200)
    assert response.json()["letter"]["status"] == "discarded"


async def test_counts_agree_with_the_letters(client: httpx.AsyncClient, desk: TestDesk) -> None:
    await fill(desk)
    await desk.keep(failed(source_record(offset=1), service="metrics"))
    await desk.redrive((await desk.letters())[0].id)

    counts = (await client.get("/v1/counts")).json()

    assert (counts["letters"], counts["deliveries"], counts["redrives"]) == (3, 4, 1)
    assert counts["by_status"] == {
        "open": 2,
        "edited": 0,
        "redriven": 1,
        "resolved": 0,
        "discarded": 0,
        "parked": 0,
    }
    assert counts["by_service"] == {"metrics": 2, "audit": 1}
    assert counts["by_kind"] == {"fatal": 2, "exhausted": 1}


@pytest.mark.parametrize(
    ("method", "path", "content", "status"),
    [
        ("GET", "/v1/dead-letters/nothing", None, 422),
        ("GET", "/v1/dead-letters?limit=0", None, 422),
        ("GET", "/v1/dead-letters?limit=501", None, 422),
        ("GET", "/v1/dead-letters?cursor=1", None, 422),
        ("GET", "/v1/dead-letters?status=lost", None, 422),
        ("GET", "/v1/dead-letters?service=%00", None, 422),
        ("GET", "/v1/dead-letters?since=yesterday", None, 422),
        ("GET", "/v1/dead-letters?since=0001-01-01T00:00:00%2B14:00", None, 422),
        ("GET", "/v1/dead-letters?until=2026-01-01T00:00:00", None, 422),
        ("GET", "/v1/dead-letters?colour=red", None, 422),
        ("GET", f"/v1/dead-letters/{NOBODY}", None, 404),
        ("POST", f"/v1/dead-letters/{NOBODY}/redrive", b'{"operator": "ada"}', 404),
        ("POST", f"/v1/dead-letters/{NOBODY}/redrive", b"{", 400),
        ("POST", f"/v1/dead-letters/{NOBODY}/redrive", b"{}", 422),
        ("POST", f"/v1/dead-letters/{NOBODY}/redrive", b'{"operator": "a\\nb"}', 422),
        ("POST", f"/v1/dead-letters/{NOBODY}/redrive", b'{"operator": "\\ud800"}', 422),
        ("POST", f"/v1/dead-letters/{NOBODY}/discard", b'{"operator": "ada"}', 422),
    ],
)
async def test_a_bad_request_is_answered_with_what_is_wrong(
    client: httpx.AsyncClient, method: str, path: str, content: bytes | None, status: int
) -> None:
    headers = {"content-type": "application/json"} if content else {}

    response = await client.request(method, path, content=content, headers=headers)

    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["detail"]
