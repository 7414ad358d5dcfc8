# SPDX-License-Identifier: Apache-2.0
"""Puts the agent context service together."""

from typing import Final

from fastapi import FastAPI

from services.agent_context.api import context_router
from services.agent_context.handlers import AgentContextSubscriber, Keep, trusting
from services.agent_context.reader import Reader
from services.agent_context.refill import Refill
from services.agent_context.settings import AgentContextSettings
from services.agent_context.store import PREFIX, ContextStore
from shared.attempts import RedisInHand
from shared.cache import Cache
from shared.events import Topics
from shared.http.rebuild import rebuild_router
from shared.rebuild import LIVE, Rebuild
from shared.service import ServiceIdentity, build_app, build_bus
from shared.telemetry import Telemetry

NAME: Final = "agent_context"
DEFAULT_PORT: Final = 8004


def create_app(
    identity: ServiceIdentity, telemetry: Telemetry, settings: AgentContextSettings | None = None
) -> tuple[FastAPI, AgentContextSettings]:
    """Return the application, and the settings (from the environment, unless given) it was made by.

    Raises:
        ValidationError: a setting is wrong.
    """
    settings = settings or AgentContextSettings()
    topics = Topics(settings.kafka.topic_prefix)
    cache = Cache(settings.redis)
    store = ContextStore(
        cache.redis,
        telemetry.tracing,
        ended_retention=settings.ended_retention,
        early_retention=settings.early_retention,
    )
    refill = Refill(
        kafka=settings.kafka,
        topics=topics,
        subscriber=lambda token: _subscriber(store, settings, token=token),
    )
    rebuild = Rebuild(cache.redis, prefix=PREFIX, fill=refill)
    bus = build_bus(identity, settings, telemetry, in_hand=RedisInHand(cache.redis, service=NAME))
    bus.subscribe_sink(_subscriber(store, settings, keep=rebuild.run))
    app = build_app(
        identity,
        settings,
        telemetry,
        bus=bus,
        components=(cache, rebuild, bus),
        routers=(
            context_router(store, Reader(store=store)),
            rebuild_router(rebuild, bus, aggregate_id=identity.aggregate_id, projection=NAME),
        ),
    )
    return app, settings


def _subscriber(
    store: ContextStore,
    settings: AgentContextSettings,
    *,
    keep: Keep = trusting,
    token: str = LIVE,
) -> AgentContextSubscriber:
    return AgentContextSubscriber(
        store,
        settings.limits(),
        max_early=settings.max_early,
        topics=Topics(settings.kafka.topic_prefix),
        keep=keep,
        token=token,
    )
