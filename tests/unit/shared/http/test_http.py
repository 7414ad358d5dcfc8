# SPDX-License-Identifier: Apache-2.0
from collections.abc import AsyncGenerator, AsyncIterator
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI, HTTPException, Request
from pydantic import BaseModel, Field

from shared.correlation import EventCorrelation
from shared.errors import ConflictError, DependencyDownError
from shared.health import Readiness
from shared.http import Problem, install_problems
from shared.http.correlation import CorrelationMiddleware
from shared.http.health import health_router
from shared.http.limits import BodyLimit

LIMIT = 1024


class Order(BaseModel):
    amount: int = Field(ge=1)


class Part:
    def __init__(self, name: str) -> None:
        self.name = name
        self.state = Readiness(ready=True)

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def readiness(self) -> Readiness:
        return self.state


@pytest.fixture
def part() -> Part:
    return Part("the database")


@pytest.fixture
def app(part: Part) -> FastAPI:
    app = FastAPI()
    install_problems(app)
    app.include_router(
        health_router(
            service="audit",
            version="1.2.3",
            components=[part],
            figures=lambda accept: (b"figures", "text/plain"),
        )
    )

    @app.post("/orders")
    async def order(order: Order) -> dict[str, object]:
        return {"amount": order.amount, "correlation": EventCorrelation.get_correlation_id()}

    @app.post("/large")
    async def large(request: Request) -> int:
        return len(await request.body())

    @app.get("/raise/{what}")
    async def fail(what: str) -> None:
        raise {
            "problem": Problem(404, "Not Found", "no such session", session="s-1"),
            "http": HTTPException(403, "not yours"),
            "conflict": ConflictError("somebody was first"),
            "down": DependencyDownError("PostgreSQL", "password=hunter2 refused"),
            "bug": ValueError("a secret"),
        }[what]

    app.add_middleware(BodyLimit, max_bytes=LIMIT, of_paths={"/large": 4 * LIMIT})
    app.add_middleware(CorrelationMiddleware)
    return app


@pytest.fixture
async def client(app: FastAPI) -> AsyncGenerator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
        yield client


@pytest.mark.parametrize(
    ("path", "status", "detail"),
    [
        ("/raise/problem", 404, "no such session"),
        ("/raise/http", 403, "not yours"),
        ("/raise/conflict", 409, "somebody was first"),
        ("/raise/down", 503, "a server that this request needs does not answer; try again"),
        ("/raise/bug", 500, "the error is in the log of the service"),
        ("/nowhere", 404, None),
    ],
)
async def test_every_error_is_answered_with_problem_details(
    client: httpx.AsyncClient, path: str, status: int, detail: str | None
) -> None:
    response = await client.get(path)

    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["status"] == status
    assert response.json().get("detail") == detail
    assert "secret" not in response.text
    assert "hunter2" not in response.text


async def test_a_problem_may_say_more(client: httpx.AsyncClient) -> None:
    assert (await client.get("/raise/problem")).json()["session"] == "s-1"


async def test_a_server_that_is_down_says_when_to_try_again(client: httpx.AsyncClient) -> None:
    assert (await client.get("/raise/down")).headers["retry-after"] == "5"


async def test_invalid_input_says_where_and_what(client: httpx.AsyncClient) -> None:
    response = await client.post("/orders", json={"amount": 0})

    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["errors"][0]["where"] == "body.amount"
    assert "greater than or equal to 1" in response.json()["detail"]


async def test_malformed_json_is_a_400(client: httpx.AsyncClient) -> None:
    response = await client.post(
        "/orders", content=b"{", headers={"content-type": "application/json"}
    )

    assert (response.status_code, response.json()["title"]) == (400, "Malformed JSON")


async def test_the_wrong_method_is_a_problem_too(client: httpx.AsyncClient) -> None:
    response = await client.get("/orders")

    assert response.status_code == 405
    assert response.headers["content-type"] == "application/problem+json"


async def test_a_body_that_announces_too_much_is_refused(client: httpx.AsyncClient) -> None:
    response = await client.post("/orders", content=b" " * (LIMIT + 1))

    assert response.status_code == 413
    assert response.headers["content-type"] == "application/problem+json"
    assert f"at most {LIMIT} bytes" in response.json()["detail"]


async def test_a_body_in_pieces_that_becomes_too_much_is_refused(
    client: httpx.AsyncClient,
) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(LIMIT + 1):
            yield b" "

    response = await client.post(
        "/orders", content=pieces(), headers={"content-type": "application/json"}
    )

    assert response.status_code == 413
    assert response.headers["content-type"] == "application/problem+json"


async def test_a_body_of_exactly_the_limit_is_taken(client: httpx.AsyncClient) -> None:
    body = b'{"amount": 1}'

    response = await client.post(
        "/orders",
        content=body + b" " * (LIMIT - len(body)),
        headers={"content-type": "application/json"},
    )

    assert response.status_code == 200


async def test_a_path_may_have_a_limit_of_its_own(client: httpx.AsyncClient) -> None:
    taken = await client.post("/large", content=b" " * 4 * LIMIT)
    refused = await client.post("/large", content=b" " * (4 * LIMIT + 1))

    assert (taken.status_code, refused.status_code) == (200, 413)


async def test_the_clients_correlation_id_is_used_and_echoed(client: httpx.AsyncClient) -> None:
    response = await client.post(
        "/orders", json={"amount": 1}, headers={"X-Correlation-ID": "conversation-7"}
    )

    assert response.headers["X-Correlation-ID"] == "conversation-7"
    assert response.json()["correlation"] == "conversation-7"


@pytest.mark.parametrize("given", [None, "x" * 129, "two words"])
async def test_without_a_usable_one_a_correlation_id_is_made(
    client: httpx.AsyncClient, given: str | None
) -> None:
    headers = {"X-Correlation-ID": given} if given else {}

    response = await client.post("/orders", json={"amount": 1}, headers=headers)

    assert UUID(response.headers["X-Correlation-ID"])
    assert response.json()["correlation"] == response.headers["X-Correlation-ID"]


@pytest.mark.parametrize("path", ["/raise/problem", "/raise/bug", "/nowhere"])
async def test_errors_carry_the_correlation_id_too(client: httpx.AsyncClient, path: str) -> None:
    response = await client.get(path, headers={"X-Correlation-ID": "conversation-7"})

    assert response.headers["X-Correlation-ID"] == "conversation-7"


async def test_a_service_is_alive_whatever_its_parts_say(
    client: httpx.AsyncClient, part: Part
) -> None:
    part.state = Readiness(ready=False, reason="gone")

    response = await client.get("/healthz")

    assert response.status_code == 200
    assert response.json() == {"status": "alive", "service": "audit", "version": "1.2.3"}


async def test_a_service_is_ready_when_every_part_is(client: httpx.AsyncClient) -> None:
    response = await client.get("/readyz")

    assert response.status_code == 200
    assert response.json()["reasons"] == {}


async def test_a_service_that_waits_says_for_what(client: httpx.AsyncClient, part: Part) -> None:
    part.state = Readiness(ready=False, reason="PostgreSQL is down")

    response = await client.get("/readyz")

    assert response.status_code == 503
    assert response.json()["reasons"] == {"the database": "PostgreSQL is down"}


async def test_figures_are_served_as_they_are(client: httpx.AsyncClient) -> None:
    response = await client.get("/metrics")

    assert response.text == "figures"
    assert response.headers["content-type"] == "text/plain"
