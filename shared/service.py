# SPDX-License-Identifier: Apache-2.0
"""Runs a service: its parts in order, its HTTP interface, its health and an orderly stop."""

import asyncio
import logging
import signal
import socket
import sys
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from types import FrameType

import uvicorn
import uvloop
from fastapi import APIRouter, FastAPI
from pydantic import ValidationError

from shared.clock import SystemClock
from shared.database import Database
from shared.errors import AgentRuntimeError
from shared.events import SystemShutdownEvent, SystemStartupEvent
from shared.health import Component
from shared.http.correlation import CorrelationMiddleware
from shared.http.events import events_router
from shared.http.head import HeadAsGet
from shared.http.health import health_router
from shared.http.limits import BodyLimit
from shared.http.openapi import PROBLEMS, describe_headers
from shared.http.problems import install_problems
from shared.http.stopping import AnswerWhenStopped
from shared.ids import new_id
from shared.logs import configure_logging
from shared.messaging import KafkaEventBus
from shared.messaging.in_hand import InHandStore
from shared.messaging.observation import BusObservation
from shared.settings import HttpSettings, ServiceSettings, explain
from shared.telemetry.database import trace_engine
from shared.telemetry.http import http_telemetry
from shared.telemetry.resource import service_version
from shared.telemetry.settings import TelemetrySettings
from shared.telemetry.setup import Telemetry, configure_telemetry

logger = logging.getLogger(__name__)

HTTP_STOPS_WITHIN_SECONDS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceIdentity:
    """Which service this is, which version of it, and which of its processes."""

    name: str
    version: str
    instance: str

    @property
    def aggregate_id(self) -> str:
        """Return the aggregate of the events that this process tells about itself."""
        return f"service:{self.name}/{self.instance}"


def identify(name: str) -> ServiceIdentity:
    """Return a new identity for this process."""
    return ServiceIdentity(name=name, version=service_version(), instance=str(new_id()))


def build_bus(
    identity: ServiceIdentity,
    settings: ServiceSettings,
    telemetry: Telemetry,
    *,
    topics: Sequence[str] | None = None,
    in_hand: InHandStore | None = None,
) -> KafkaEventBus:
    """Return the bus of a service, watched by its telemetry."""
    return KafkaEventBus(
        settings.kafka,
        service=identity.name,
        version=identity.version,
        instance=identity.instance,
        topics=topics,
        retry=settings.retry.policy(),
        delivery=settings.delivery,
        in_hand=in_hand,
        observer=observe(identity, settings, telemetry),
    )


def observe(
    identity: ServiceIdentity, settings: ServiceSettings, telemetry: Telemetry
) -> BusObservation:
    """Return what watches the sending and receiving of a service."""
    return BusObservation(
        telemetry.tracing,
        telemetry.instruments,
        group=f"{settings.kafka.topic_prefix}.{identity.name}",
    )


def build_app(
    identity: ServiceIdentity,
    settings: ServiceSettings,
    telemetry: Telemetry,
    *,
    bus: KafkaEventBus,
    components: Sequence[Component],
    routers: Sequence[APIRouter] = (),
    on_drain: Callable[[], None] = lambda: None,
    body_limits: Mapping[str, int] | None = None,
) -> FastAPI:
    """Return the application of a service.

    ``body_limits`` are for paths that take other bodies than the setting allows, in bytes.
    ``on_drain`` is called when the server takes no more requests and waits for those in hand, so
    that responses which go on for ever can end.

    The components are started in order and stopped in reverse; the bus comes where it stands among
    them. What cannot start stops all that has started, and its error says what to do.
    """

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncGenerator[None]:
        async with AsyncExitStack() as started:
            started.push_async_callback(asyncio.to_thread, telemetry.shutdown)
            for component in components:
                await component.start()
                started.push_async_callback(_stop, component)
            began = SystemClock().now()
            await bus.publish(_startup(identity))
            yield
            uptime = SystemClock().now() - began
            await _say_goodbye(bus, _shutdown(identity, uptime))

    app = FastAPI(
        title=f"agent-runtime {identity.name}",
        version=identity.version,
        lifespan=lifespan,
        telemetry=http_telemetry(telemetry),
    )
    for component in components:
        if isinstance(component, Database):
            trace_engine(component.engine, telemetry.tracing)
    app.state.on_drain = on_drain
    install_problems(app)
    app.include_router(
        health_router(
            service=identity.name,
            version=identity.version,
            components=components,
            figures=telemetry.metrics_text,
        )
    )
    app.include_router(events_router(version=identity.version, topics=bus.topics))
    for router in routers:
        app.include_router(router, responses=PROBLEMS)
    describe_headers(app)
    app.add_middleware(BodyLimit, max_bytes=settings.http.max_body_bytes, of_paths=body_limits)
    app.add_middleware(AnswerWhenStopped)
    app.add_middleware(CorrelationMiddleware)
    app.add_middleware(HeadAsGet)
    return app


async def _stop(component: Component) -> None:
    try:
        await component.stop()
    except AgentRuntimeError as error:
        logger.warning("stopped badly", extra={"part": component.name, "error": str(error)})


def _startup(identity: ServiceIdentity) -> SystemStartupEvent:
    return SystemStartupEvent(
        aggregate_id=identity.aggregate_id,
        service=identity.name,
        instance=identity.instance,
        service_version=identity.version,
    )


def _shutdown(identity: ServiceIdentity, uptime: timedelta) -> SystemShutdownEvent:
    return SystemShutdownEvent(
        aggregate_id=identity.aggregate_id,
        service=identity.name,
        instance=identity.instance,
        uptime_seconds=uptime.total_seconds(),
        reason="asked to stop",
    )


async def _say_goodbye(bus: KafkaEventBus, event: SystemShutdownEvent) -> None:
    """Publish the shutdown if that is quickly done; a broker that is down must not hold us."""
    try:
        async with asyncio.timeout(2):
            await bus.publish(event)
    except (AgentRuntimeError, TimeoutError) as error:
        logger.warning("shutdown not published", extra={"error": str(error)})


CreateApp = Callable[[ServiceIdentity, Telemetry], tuple[FastAPI, ServiceSettings]]


def run(name: str, create_app: CreateApp, *, default_port: int) -> None:
    """Run a service until it is told to stop; exit with 1 and one line if it cannot start."""
    configure_logging(name)
    try:
        telemetry = configure_telemetry(name, TelemetrySettings())
        app, settings = create_app(identify(name), telemetry)
        logging.getLogger().setLevel(settings.log_level)
        port = default_port if settings.http.port is None else settings.http.port
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_serve(app, settings.http, port))
    except ValidationError as error:
        sys.exit(f"{name}: {explain(error)}")
    except AgentRuntimeError as error:
        sys.exit(f"{name}: {error}")


class Server(uvicorn.Server):
    """Serves, and says so when it begins to stop."""

    def __init__(self, config: uvicorn.Config, *, on_drain: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_drain = on_drain

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Have endless responses end, and then wait for all."""
        self._on_drain()
        await super().shutdown(sockets)


async def _serve(app: FastAPI, http: HttpSettings, port: int) -> None:
    """Serve while the parts of the service run.

    uvicorn raises the signal that stopped it once more when it is done; by then it has been acted
    on, and must not end the process before its parts have stopped.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _acted_on)
    async with app.router.lifespan_context(app):
        await Server(server_config(app, http, port), on_drain=app.state.on_drain).serve()


def server_config(app: FastAPI, http: HttpSettings, port: int) -> uvicorn.Config:
    """Return how a service serves; its own signals, logs and telemetry take uvicorn's places."""
    return uvicorn.Config(
        app,
        host=http.host,
        port=port,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=HTTP_STOPS_WITHIN_SECONDS,
        timeout_keep_alive=round(http.keep_alive.total_seconds()),
    )


def _acted_on(number: int, frame: FrameType | None) -> None:
    """Do nothing more: uvicorn has seen the signal."""
