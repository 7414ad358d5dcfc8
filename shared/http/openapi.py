# SPDX-License-Identifier: Apache-2.0
"""What the OpenAPI document of every service says beside its endpoints: errors and headers."""

from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel, Field

from shared.correlation import MAX_CORRELATION_ID_LENGTH
from shared.http.correlation import HEADER
from shared.http.problems import MEDIA_TYPE


class ProblemDetails(BaseModel):
    """What is wrong with a request (RFC 9457)."""

    type: str
    title: str
    status: int = Field(ge=400, le=599)
    detail: str = ""


_WORDS = {
    400: "The body is no JSON.",
    404: "There is nothing by that name.",
    409: "The state is not one in which this can be done.",
    413: "The request is too large.",
    422: "The request is not as it has to be; the detail says where.",
    500: "This should not happen; the log of the service has the reason.",
    503: "A server that this needs does not answer; try again after Retry-After.",
}
_SCHEMA = ProblemDetails.model_json_schema()
_CORRELATION = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "description": "names the conversation in events, logs and traces; made if it is left out",
    "schema": {"type": "string", "maxLength": MAX_CORRELATION_ID_LENGTH},
}


def problem(description: str) -> dict[str, Any]:
    """Return the declaration of one kind of error."""
    return {"description": description, "content": {MEDIA_TYPE: {"schema": _SCHEMA}}}


PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: problem(words) for status, words in _WORDS.items()
}
"""The errors that any endpoint may answer with."""


def describe_headers(app: FastAPI) -> None:
    """Have the document say of every operation that it takes and gives a correlation id."""
    plain = app.openapi

    def described() -> dict[str, Any]:
        document = plain()
        for operations in document["paths"].values():
            for operation in operations.values():
                _describe(operation)
        return document

    app.openapi = described  # type: ignore[method-assign]


def _describe(operation: dict[str, Any]) -> None:
    parameters = operation.setdefault("parameters", [])
    if not any(each.get("name") == HEADER for each in parameters):
        parameters.append(_CORRELATION)
    for response in operation["responses"].values():
        response.setdefault("headers", {})[HEADER] = {"schema": {"type": "string"}}
