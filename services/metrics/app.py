# SPDX-License-Identifier: Apache-2.0
"""Puts the metrics service together."""

from typing import Final

from fastapi import FastAPI

from services.metrics.api import metrics_router, session_router
from services.metrics.batch import PREFIX
from services.metrics.handlers import (
    DomainEventSubscriber,
    MetricsCollector,
    SessionMetricsCollector,
)
from services.metrics.ledgers import Recount, ledgers
from services.metrics.prometheus import TotalsCollector
from services.metrics.settings import MetricsSettings
from services.metrics.store import MetricsStore
from shared.attempts import RedisInHand
from shared.cache import Cache
from shared.events import Topics
from shared.http.rebuild import rebuild_router
from shared.rebuild import Rebuild
from shared.service import ServiceIdentity, build_app, build_bus
from shared.telemetry import Telemetry

NAME: Final = "metrics"
DEFAULT_PORT: Final = 8003


def create_app(
    identity: ServiceIdentity, telemetry: Telemetry, settings: MetricsSettings | None = None
) -> tuple[FastAPI, MetricsSettings]:
    """Return the application, and the settings (from the environment, unless given) it was made by.

    Raises:
        ValidationError: a setting is wrong.
    """
    settings = settings or MetricsSettings()
    topics = Topics(settings.kafka.topic_prefix)
    cache = Cache(settings.redis)
    store = MetricsStore(
        cache.redis,
        telemetry.tracing,
        retention=settings.retention,
        max_label_values=settings.max_label_values,
    )
    recount = Recount(
        kafka=settings.kafka,
        topics=(topics.domain, topics.infrastructure, topics.retry(NAME)),
        ledgers=ledgers(store),
    )
    rebuild = Rebuild(cache.redis, prefix=PREFIX, fill=recount)
    counting = ledgers(store, keep=rebuild.run)
    bus = build_bus(identity, settings, telemetry, in_hand=RedisInHand(cache.redis, service=NAME))
    bus.subscribe_sink(MetricsCollector(counting.totals))
    bus.subscribe_sink(SessionMetricsCollector(counting.sessions))
    DomainEventSubscriber(bus, counting.domain)
    telemetry.register(TotalsCollector(settings.redis))
    app = build_app(
        identity,
        settings,
        telemetry,
        bus=bus,
        components=(cache, rebuild, bus),
        routers=(
            metrics_router(store),
            session_router(store),
            rebuild_router(rebuild, bus, aggregate_id=identity.aggregate_id, projection=NAME),
        ),
    )
    return app, settings
