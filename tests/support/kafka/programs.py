# SPDX-License-Identifier: Apache-2.0
"""How the Java programs of Apache Kafka are run: in a container, or by Java here."""

import asyncio
import os
import re
import shutil
from asyncio.subprocess import DEVNULL, PIPE, STDOUT
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from signal import Signals
from typing import Protocol

from deploy.embedded.errors import MissingServerError
from deploy.embedded.ports import HOST
from tests.support.kafka.artifacts import libraries
from tests.support.kafka.release import IMAGE, OLDEST_JAVA

_JVM = ("-Xmx512m", "-XX:+UseSerialGC")
_LOG_LEVEL = "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"
_ENGINE_SECONDS = 10
_PULL_SECONDS = 300


class KafkaPrograms(Protocol):
    """The programs of Apache Kafka.

    A broker has to listen on ``bind_host`` for its port to be on loopback here. ``death_signal``
    is what its process receives when ours is gone.
    """

    @property
    def name(self) -> str:
        """How people know them."""
        ...

    @property
    def bind_host(self) -> str:
        """Where a broker listens."""
        ...

    @property
    def death_signal(self) -> Signals:
        """What ends it."""
        ...

    def command(
        self, main: str, *arguments: str, directory: Path, ports: Sequence[int] = ()
    ) -> tuple[str, ...]:
        """Return how to run ``main``, which sees ``directory`` and listens on ``ports``."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalJava:
    """Java on this machine, with libraries that Maven fetched."""

    java: str
    libraries: Path
    name: str = "Java"
    bind_host: str = HOST
    death_signal: Signals = Signals.SIGKILL  # a broker of tests has nothing to lose

    def command(
        self, main: str, *arguments: str, directory: Path, ports: Sequence[int] = ()
    ) -> tuple[str, ...]:
        """Return how to run ``main``; it sees all directories and ports."""
        return (self.java, *_JVM, _LOG_LEVEL, "-cp", f"{self.libraries}/*", main, *arguments)


@dataclass(frozen=True, slots=True, kw_only=True)
class Docker:
    """Java in a container of the official image.

    The client stays in the foreground: it hands signals on to the container, which is removed
    when it ends. So the container lives no longer than the client does.
    """

    docker: str
    name: str = "Docker"
    bind_host: str = "0.0.0.0"  # noqa: S104 -- inside of the container; it is published on loopback
    death_signal: Signals = Signals.SIGTERM  # the client could not hand on a SIGKILL

    def command(
        self, main: str, *arguments: str, directory: Path, ports: Sequence[int] = ()
    ) -> tuple[str, ...]:
        """Return how to run ``main`` with ``directory`` mounted where it is here, as our user."""
        published = [word for port in ports for word in ("--publish", f"{HOST}:{port}:{port}")]
        return (
            *(self.docker, "run", "--rm", "--memory", "1g"),
            *("--user", f"{os.getuid()}:{os.getgid()}"),
            *("--volume", f"{directory}:{directory}", "--workdir", str(directory)),
            *published,
            *("--entrypoint", "java", IMAGE, *_JVM, "-cp", "/opt/kafka/libs/*", main, *arguments),
        )


async def kafka_programs() -> KafkaPrograms:
    """Return the programs of Docker where an engine has the image, else those of Java and Maven.

    Raises:
        MissingServerError: there is neither.
    """
    docker = shutil.which("docker")
    if docker and await _engine_answers(docker) and await _image_is_there(docker):
        return Docker(docker=docker)
    java, maven = shutil.which("java"), shutil.which("mvn")
    if java and maven and await _version_of(java) >= OLDEST_JAVA:
        return LocalJava(java=java, libraries=await libraries(maven))
    raise MissingServerError(
        "no Apache Kafka to test on: start Docker, or install Java"
        f" {OLDEST_JAVA} or newer and Maven, or set KAFKA_BOOTSTRAP_SERVERS"
    )


async def _engine_answers(docker: str) -> bool:
    code, _ = await _run(docker, "version", "--format", "{{.Server.Version}}")
    return code == 0


async def _image_is_there(docker: str) -> bool:
    """Tell whether the engine has the image, or can get it; many a machine has no way to."""
    code, _ = await _run(docker, "image", "inspect", IMAGE)
    if code:
        code, _ = await _run(docker, "pull", "--quiet", IMAGE, seconds=_PULL_SECONDS)
    return code == 0


async def _version_of(java: str) -> int:
    _, output = await _run(java, "-version")
    found = re.search(r'version "(\d+)', output)
    return int(found[1]) if found else 0


async def _run(*command: str, seconds: float = _ENGINE_SECONDS) -> tuple[int | None, str]:
    process = await asyncio.create_subprocess_exec(
        *command, stdin=DEVNULL, stdout=PIPE, stderr=STDOUT
    )
    try:
        async with asyncio.timeout(seconds):
            output, _ = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        return None, ""
    return process.returncode, output.decode(errors="replace")
