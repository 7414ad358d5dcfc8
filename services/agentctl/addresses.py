# SPDX-License-Identifier: Apache-2.0
"""Where the services are: as the environment says, as the running stack says, or by default."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from services.agentctl.errors import CommandError
from services.agentctl.settings import AgentctlSettings

ModelT = TypeVar("ModelT", bound=BaseModel)

DEFAULT_PORTS: Mapping[str, int] = {
    "orchestrator": 8000,
    "persistence": 8001,
    "audit": 8002,
    "metrics": 8003,
    "agent_context": 8004,
    "dead_letters": 8005,
}


@dataclass(frozen=True, slots=True)
class Address:
    """The base URL of a service, and who named it."""

    url: str
    named_by: str


class _Stack(BaseModel):
    """The part of ``stack.json`` that is of interest here."""

    model_config = ConfigDict(extra="ignore")

    services: dict[str, str]


def addresses(settings: AgentctlSettings) -> dict[str, Address]:
    """Return where each service is.

    Raises:
        CommandError: an address is none, or the file of the stack cannot be read.
    """
    file = settings.state_dir / "stack.json"
    stack = running_stack(file, _Stack)
    running = stack.services if stack else {}
    found: dict[str, Address] = {}
    for service, port in DEFAULT_PORTS.items():
        variable = f"AGENTCTL_{service.upper()}_URL"
        given: str | None = getattr(settings, f"{service}_url")
        if given:
            found[service] = _checked(Address(given.rstrip("/"), variable))
        elif service in running:
            found[service] = _checked(Address(running[service].rstrip("/"), str(file)))
        else:
            found[service] = Address(f"http://127.0.0.1:{port}", f"default; see {variable}")
    return found


def running_stack(file: Path, part: type[ModelT]) -> ModelT | None:
    """Return the part of a stack's file that is asked for, or None where no stack runs.

    Raises:
        CommandError: the file cannot be read.
    """
    try:
        return part.model_validate_json(file.read_bytes())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise CommandError(f"cannot read {file}: {error.strerror}") from error
    except ValidationError as error:
        raise CommandError(f"{file} does not hold the addresses of a stack; remove it") from error


def _checked(address: Address) -> Address:
    if not address.url.startswith(("http://", "https://")):
        raise CommandError(f"{address.url!r} is no http:// or https:// URL ({address.named_by})")
    return address
