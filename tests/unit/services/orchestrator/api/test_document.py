# SPDX-License-Identifier: Apache-2.0
from typing import Any

from fastapi import FastAPI

from services.orchestrator.api.events import events_router


def test_the_stream_is_in_the_openapi_document() -> None:
    """Safeguard: ``status_code``, which FastAPI cannot find out from the class of the response."""
    app = FastAPI()
    nothing: Any = None
    app.include_router(events_router(nothing, nothing))

    (operation,) = app.openapi()["paths"].values()

    assert "text/event-stream" in operation["get"]["responses"]["200"]["content"]
