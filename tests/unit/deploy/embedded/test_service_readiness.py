# SPDX-License-Identifier: Apache-2.0
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from deploy.embedded.errors import StartupError
from deploy.embedded.ports import free_port
from deploy.embedded.service_readiness import ServiceState, ask_ready, wait_ready


def _client(response: httpx.Response) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.MockTransport(lambda _: response))


async def test_a_service_that_answers_is_ready() -> None:
    async with _client(httpx.Response(200, text="{}")) as client:
        state = await ask_ready(client, "http://service")

    assert state.ready


async def test_a_service_that_is_not_ready_says_why() -> None:
    async with _client(httpx.Response(503, text="Kafka is down")) as client:
        state = await ask_ready(client, "http://service")

    assert state == ServiceState(ready=False, reason="Kafka is down")


async def test_a_service_that_does_not_answer_in_time_is_a_line_with_reason_and_log() -> None:
    url = f"http://127.0.0.1:{free_port()}"

    with pytest.raises(StartupError, match=r"^audit is not ready after 0\.1 s: .*failed \(see a.l"):
        await wait_ready("audit", url, log_path=Path("a.log"), patience=timedelta(seconds=0.1))
