# SPDX-License-Identifier: Apache-2.0
"""Imports over HTTP."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from services.persistence.api.export import MEDIA_TYPE
from services.persistence.api.parameters import Name
from services.persistence.exchange import AlteredExportError
from services.persistence.queries.imports import ImportQueries
from services.persistence.store.import_conflicts import ImportConflictError
from services.persistence.views.imports import ImportResult
from shared.http import Problem
from shared.http.openapi import problem

PATH = "/imports"

_BODY: dict[str, Any] = {
    "required": True,
    "description": "what `GET /v1/sessions/{session_id}/export` of an installation answers",
    "content": {MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}},
}


def add_import_routes(router: APIRouter, imports: ImportQueries) -> None:
    """Add the routes of imports to ``router``."""

    @router.post(
        PATH,
        status_code=201,
        tags=["history"],
        responses={
            200: {"model": ImportResult, "description": "Nothing was changed."},
            507: problem("There is no room in the temporary directory."),
        },
        openapi_extra={"requestBody": _BODY},
    )
    async def import_session(
        request: Request,
        response: Response,
        *,
        imported_by: Annotated[Name, Query(description="who brings it")] = "anonymous",
        reason: Annotated[str, Query(max_length=2000, pattern=r"^[^\x00]*$")] = "",
        dry_run: Annotated[bool, Query(description="only check it and compare")] = False,
    ) -> ImportResult:
        """Take in a session of another installation: all of it, or nothing.

        Every line is checked before anything is written. What is here already is compared event by
        event; the same session again changes nothing, and another one by the same id is refused.
        """
        try:
            result = await imports.receive(
                request.stream(), imported_by=imported_by, reason=reason, dry_run=dry_run
            )
        except AlteredExportError as error:
            raise Problem(422, "Not as exported", str(error), line=error.line) from error
        except ImportConflictError as error:
            raise Problem(
                409, "Another session", str(error), sequence=error.sequence, field=error.field
            ) from error
        except OSError as error:
            room = f"there is no room to keep the export until it was checked: {error.strerror}"
            raise Problem(507, "Insufficient Storage", room) from error
        if dry_run or result.outcome == "unchanged":
            response.status_code = 200
        return result
