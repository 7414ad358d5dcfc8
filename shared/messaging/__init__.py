# SPDX-License-Identifier: Apache-2.0
"""The bus: how events travel between services, and what becomes of those that cannot."""

from shared.messaging.bus import BusStats, EventBus, Handler, Middleware, Selector
from shared.messaging.codec import decode, deliver, encode
from shared.messaging.in_process import InProcessEventBus
from shared.messaging.kafka import KafkaEventBus
from shared.messaging.records import Delivery, OutgoingRecord, Record
from shared.messaging.sink import Sink

__all__ = [
    "BusStats",
    "Delivery",
    "EventBus",
    "Handler",
    "InProcessEventBus",
    "KafkaEventBus",
    "Middleware",
    "OutgoingRecord",
    "Record",
    "Selector",
    "Sink",
    "decode",
    "deliver",
    "encode",
]
