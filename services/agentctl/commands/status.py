# SPDX-License-Identifier: Apache-2.0
"""``agentctl status``: is everything ready, and if not, why."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import typer
from pydantic import BaseModel, ValidationError

from services.agentctl.client import Services
from services.agentctl.commands.connection import connect
from services.agentctl.errors import NoAnswerError
from services.agentctl.output import Json, cell, console, print_json, table
from services.agentctl.text import one_line


class _Readiness(BaseModel):
    """What ``/readyz`` answers, whether with good or with bad news."""

    service: str
    reasons: dict[str, str]


def status(*, as_json: Json = False) -> None:
    """Ask every service whether it is ready; fail unless all are."""
    with connect() as services:
        names = list(services.addresses)
        with ThreadPoolExecutor(len(names)) as pool:
            found = pool.map(partial(_state, services), names)
            states = dict(zip(names, found, strict=True))
    if as_json:
        print_json(states)
    else:
        _show(states)
    if any(each["state"] != "ready" for each in states.values()):
        raise typer.Exit(1)


def _state(services: Services, name: str) -> dict[str, Any]:
    url = services.addresses[name].url
    try:
        response = services.probe(name, "/readyz")
        said = _Readiness.model_validate_json(response.content)
    except NoAnswerError as error:
        return _as_data(url, "down", {"HTTP": error.reason})
    except ValidationError:
        return _as_data(url, "down", {"HTTP": "what answers there is no service of ours"})
    if said.service != name:
        return _as_data(url, "down", {"HTTP": f"{said.service} answers there"})
    return _as_data(url, "ready" if response.is_success else "waiting", said.reasons)


def _as_data(url: str, state: str, reasons: dict[str, str]) -> dict[str, Any]:
    return {"url": url, "state": state, "reasons": reasons}


def _show(states: dict[str, dict[str, Any]]) -> None:
    rows = table("SERVICE", "STATE", "ADDRESS", "REASON")
    for name, each in states.items():
        reasons = "; ".join(f"{part}: {reason}" for part, reason in each["reasons"].items())
        rows.add_row(
            cell(name), cell(each["state"]), cell(each["url"]), one_line(reasons, limit=200)
        )
    console().print(rows)
