# SPDX-License-Identifier: Apache-2.0
"""Every setting there is, read from the classes that read it from the environment."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings

from deploy.archive.settings import ArchiveSettings
from services.agent_context.settings import AgentContextSettings
from services.agentctl.settings import AgentctlSettings
from services.audit.settings import AuditSettings
from services.dead_letters.settings import DeadLettersSettings
from services.metrics.settings import MetricsSettings
from services.orchestrator.models import ModelProviderSettings
from services.orchestrator.settings import OrchestratorSettings
from services.persistence.settings import PersistenceSettings
from shared.settings import (
    DatabaseSettings,
    DeliverySettings,
    HttpSettings,
    KafkaSettings,
    RedisSettings,
    RetrySettings,
    ServiceSettings,
)
from shared.telemetry.settings import TelemetrySettings

GROUPS: tuple[tuple[str, type[BaseSettings]], ...] = (
    ("Every service", ServiceSettings),
    ("Kafka", KafkaSettings),
    ("PostgreSQL", DatabaseSettings),
    ("Redis", RedisSettings),
    ("HTTP", HttpSettings),
    ("Retry", RetrySettings),
    ("Delivery", DeliverySettings),
    ("Telemetry", TelemetrySettings),
    ("Orchestrator", OrchestratorSettings),
    ("Model providers", ModelProviderSettings),
    ("Persistence", PersistenceSettings),
    ("Audit", AuditSettings),
    ("Metrics", MetricsSettings),
    ("Agent context", AgentContextSettings),
    ("Dead letters", DeadLettersSettings),
    ("agentctl", AgentctlSettings),
    ("Archive", ArchiveSettings),
)

REQUIRED = "required: "
"""How a description begins whose setting has a default that is refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One variable of the environment."""

    variable: str
    default: str
    required: bool
    meaning: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The settings that one class reads."""

    title: str
    purpose: str
    settings: tuple[Setting, ...]


def groups() -> Iterator[Group]:
    """Return all settings, in groups."""
    for title, settings_class in GROUPS:
        yield Group(
            title=title,
            purpose=(settings_class.__doc__ or "").splitlines()[0],
            settings=tuple(_settings(settings_class)),
        )


def _settings(settings_class: type[BaseSettings]) -> Iterator[Setting]:
    inherited = ServiceSettings.model_fields if settings_class is not ServiceSettings else {}
    prefix = settings_class.model_config.get("env_prefix", "")
    for name, field in settings_class.model_fields.items():
        if name in inherited or _is_group(field):
            continue
        alias = field.validation_alias
        description = field.description or ""
        yield Setting(
            variable=alias if isinstance(alias, str) else f"{prefix}{name}".upper(),
            default=_default(field),
            required=field.is_required() or description.startswith(REQUIRED),
            meaning=". ".join(
                part for part in (description.removeprefix(REQUIRED), _choices(field)) if part
            ),
        )


def _is_group(field: FieldInfo) -> bool:
    return isinstance(field.annotation, type) and issubclass(field.annotation, BaseSettings)


def _default(field: FieldInfo) -> str:
    match field.default:
        case _ if field.is_required():
            return ""
        case None:
            return ""
        case bool() as value:
            return str(value).lower()
        case timedelta() as value:
            return f"{value.total_seconds():g}"
        case SecretStr() as value:
            return value.get_secret_value()
        case Path() as value:
            return value.as_posix()
        case value:
            return str(value)


def _choices(field: FieldInfo) -> str:
    literals: tuple[Any, ...] = getattr(field.annotation, "__args__", ())
    if literals and all(isinstance(value, str) for value in literals):
        return f"One of {', '.join(literals)}"
    return _bounds(field)


def _bounds(field: FieldInfo) -> str:
    words: list[str] = []
    for bound in field.metadata:
        least, most = getattr(bound, "ge", None), getattr(bound, "le", None)
        if least is not None:
            words.append(f"at least {least}")
        if most is not None:
            words.append(f"at most {most}")
    return ", ".join(words).capitalize()
