# SPDX-License-Identifier: Apache-2.0
"""The Kafka of an installation: as the environment says, or as the running stack says."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, TypeVar

import typer
from pydantic import BaseModel, ConfigDict, ValidationError

from services.agentctl.addresses import running_stack
from services.agentctl.errors import CommandError
from services.agentctl.settings import AgentctlSettings
from shared.errors import AgentRuntimeError
from shared.settings import KafkaSettings, explain

T = TypeVar("T")

INTERRUPTED = 130
"""What shells expect of a program that was ended by Ctrl-C."""


class _StackKafka(BaseModel):
    """The part of ``stack.json`` that is of interest here."""

    model_config = ConfigDict(extra="ignore")

    kafka_bootstrap_servers: str
    kafka_topic_prefix: str


def kafka_settings() -> KafkaSettings:
    """Return how to reach Kafka: ``KAFKA_BOOTSTRAP_SERVERS`` has the last word.

    Raises:
        CommandError: the environment or the file of the stack says nothing that could be used.
    """
    try:
        settings = KafkaSettings()
        if "bootstrap_servers" in settings.model_fields_set:
            return settings
        stack = running_stack(AgentctlSettings().state_dir / "stack.json", _StackKafka)
    except ValidationError as error:
        raise CommandError(str(explain(error))) from error
    if stack is None:
        return settings
    found = {"bootstrap_servers": stack.kafka_bootstrap_servers}
    if "topic_prefix" not in settings.model_fields_set:
        found["topic_prefix"] = stack.kafka_topic_prefix
    return settings.model_copy(update=found)


def run(work: Coroutine[Any, Any, T]) -> T:
    """Return what ``work`` returns; Ctrl-C ends the command without a word.

    Raises:
        CommandError: Kafka cannot be reached, or refuses.
    """
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # what matters is raised
    try:
        return asyncio.run(work)
    except AgentRuntimeError as error:
        raise CommandError(str(error)) from error
    except KeyboardInterrupt as interrupt:
        raise typer.Exit(INTERRUPTED) from interrupt
