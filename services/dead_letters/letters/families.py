# SPDX-License-Identifier: Apache-2.0
"""The kinds of headers that say why a record failed: our own, and those of other frameworks."""

from dataclasses import dataclass
from enum import StrEnum

from shared.messaging import headers as names
from shared.messaging.headers import Headers


class Family(StrEnum):
    """Whose headers tell of the failure."""

    AGENT_RUNTIME = "agent-runtime"
    SPRING = "spring"
    CONNECT = "connect"
    STREAMS = "streams"
    KAFKA = "kafka"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class FamilyHeaders:
    """Which header of a family says what; several names are tried in turn.

    A record is of a family if a header has a name that starts with ``marker``.
    """

    family: Family
    marker: str = ""
    binary: bool = False
    group: tuple[str, ...] = ()
    error_class: tuple[str, ...] = ()
    cause_class: tuple[str, ...] = ()
    message: tuple[str, ...] = ()
    stack: tuple[str, ...] = ()
    attempts: tuple[str, ...] = ()
    topic: tuple[str, ...] = ()
    partition: tuple[str, ...] = ()
    offset: tuple[str, ...] = ()
    timestamp: tuple[str, ...] = ()


AGENT_RUNTIME = FamilyHeaders(
    family=Family.AGENT_RUNTIME,
    marker=names.ERROR_SERVICE,
    group=(names.ERROR_GROUP,),
    error_class=(names.ERROR_CLASS,),
    cause_class=(names.ERROR_CAUSE_CLASS,),
    message=(names.ERROR_MESSAGE,),
    stack=(names.ERROR_STACK,),
    attempts=(names.DELIVERY_COUNT,),
    topic=(names.ORIGIN_TOPIC,),
    partition=(names.ORIGIN_PARTITION,),
    offset=(names.ORIGIN_OFFSET,),
    timestamp=(names.ORIGIN_TIMESTAMP,),
)

SPRING = FamilyHeaders(
    family=Family.SPRING,
    marker="kafka_dlt-",
    binary=True,
    group=("kafka_dlt-original-consumer-group",),
    error_class=("kafka_dlt-exception-fqcn", "kafka_dlt-key-exception-fqcn"),
    cause_class=("kafka_dlt-exception-cause-fqcn",),
    message=("kafka_dlt-exception-message", "kafka_dlt-key-exception-message"),
    stack=("kafka_dlt-exception-stacktrace", "kafka_dlt-key-exception-stacktrace"),
    attempts=("retry_topic-attempts", "kafka_deliveryAttempt"),
    topic=("kafka_dlt-original-topic",),
    partition=("kafka_dlt-original-partition",),
    offset=("kafka_dlt-original-offset",),
    timestamp=("kafka_dlt-original-timestamp",),
)

CONNECT = FamilyHeaders(
    family=Family.CONNECT,
    marker="__connect.errors.",
    group=("__connect.errors.connector.name",),
    error_class=("__connect.errors.exception.class.name", "__connect.errors.class.name"),
    message=("__connect.errors.exception.message",),
    stack=("__connect.errors.exception.stacktrace",),
    topic=("__connect.errors.topic",),
    partition=("__connect.errors.partition",),
    offset=("__connect.errors.offset",),
)

STREAMS = FamilyHeaders(
    family=Family.STREAMS,
    marker="__streams.errors.",
    error_class=("__streams.errors.exception",),
    message=("__streams.errors.message",),
    stack=("__streams.errors.stacktrace",),
    topic=("__streams.errors.topic",),
    partition=("__streams.errors.partition",),
    offset=("__streams.errors.offset",),
)

KAFKA = FamilyHeaders(
    family=Family.KAFKA,
    marker="__dlq.errors.",
    group=(names.ERROR_GROUP,),
    message=(names.ERROR_MESSAGE,),
    attempts=(names.DELIVERY_COUNT,),
    topic=(names.ORIGIN_TOPIC,),
    partition=(names.ORIGIN_PARTITION,),
    offset=(names.ORIGIN_OFFSET,),
)

UNKNOWN = FamilyHeaders(family=Family.UNKNOWN)

FAMILIES = (AGENT_RUNTIME, SPRING, CONNECT, STREAMS, KAFKA)
"""In the order in which they are tried: who failed last wrote last, and that may be one of us."""


def family_of(headers: Headers) -> FamilyHeaders:
    """Return the family that the headers are of."""
    for family in FAMILIES:
        if any(name.startswith(family.marker) for name, _ in headers):
            return family
    return UNKNOWN
