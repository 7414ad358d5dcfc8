# SPDX-License-Identifier: Apache-2.0
"""The endpoint by which clients give the results of calls that they make."""

import hashlib
from typing import Annotated, Any, Self

from fastapi import APIRouter, Depends, Path
from pydantic import Field, JsonValue, model_validator

from services.orchestrator.api.dependencies import SessionId, key_of
from services.orchestrator.api.views import Body, ClientCallView
from services.orchestrator.commands.give_tool_result import (
    GiveToolResultCommand,
    GiveToolResultHandler,
)
from services.orchestrator.store.idempotency import IdempotencyKey
from services.orchestrator.tools import ToolError, canonical_arguments
from shared.http import Problem

MAX_RESULT = 100_000
"""How many characters a result may have."""

CallId = Annotated[
    str,
    Path(
        min_length=1,
        max_length=200,
        pattern=r"^[^\x00-\x1f/]+$",
        description="the `call_id` of the call, or its `effect_id`",
    ),
]


class ToolResultBody(Body):
    """What the call gave: either a result or an error."""

    result: JsonValue = Field(None, description="text as it is; all else is given on as JSON")
    error: str | None = Field(
        None, min_length=1, max_length=MAX_RESULT, description="why there is no result"
    )

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if (self.error is not None) == ("result" in self.model_fields_set):
            raise ValueError("give either result or error")
        return self

    @property
    def text(self) -> str:
        """What the model is told."""
        if self.error is not None:
            return self.error
        if isinstance(self.result, str):
            return self.result
        return _json(self.result)


def tool_results_router(give: GiveToolResultHandler) -> APIRouter:
    """Return the endpoint of results."""
    router = APIRouter(prefix="/sessions/{session_id}/tool-results", tags=["tools of clients"])

    @router.post("/{call_id}")
    async def give_tool_result(
        session_id: SessionId,
        call_id: CallId,
        body: ToolResultBody,
        key: Annotated[IdempotencyKey | None, Depends(key_of)],
    ) -> ClientCallView:
        """Give the result of a call that the client was asked to make, and have the turn go on.

        The same may be said again; 409 says that no result of the call is owed, and why.
        """
        text = checked_text(body)
        failed = body.error is not None
        command = GiveToolResultCommand(
            session_id=session_id,
            call_id=call_id,
            result=text,
            failed=failed,
            digest=hashlib.sha256(f"{failed} {text}".encode()).hexdigest(),
            key=key,
        )
        return ClientCallView.of(await give.handle(command))

    return router


def checked_text(body: ToolResultBody) -> str:
    """Return what the model is told.

    Raises:
        Problem: it is too long, or cannot be recorded.
    """
    try:
        text = body.text
        text.encode()
    except (ToolError, UnicodeEncodeError) as error:
        raise Problem(422, "Invalid request", f"body.result: {error}") from error
    if len(text) > MAX_RESULT:
        raise Problem(
            413, "Content Too Large", f"a result may have at most {MAX_RESULT} characters"
        )
    return text


def _json(value: Any) -> str:
    return canonical_arguments({"": value})[4:-1].decode()
