# SPDX-License-Identifier: Apache-2.0
"""The Java libraries of Apache Kafka, fetched once by Maven from wherever it is set up to look."""

import asyncio
import shutil
import tempfile
from asyncio.subprocess import DEVNULL, PIPE, STDOUT
from datetime import timedelta
from pathlib import Path

from deploy.embedded.errors import MissingServerError
from deploy.embedded.lock import FileLock
from tests.support.kafka.release import VERSION

CACHE = Path.home() / ".cache" / "agent-runtime" / f"kafka-{VERSION}"
PATIENCE = timedelta(minutes=10)

_DEPENDENCIES = {
    "org.apache.kafka:kafka_2.13": VERSION,
    "org.slf4j:slf4j-simple": "1.7.36",  # writes its log to stderr
}
_GOAL = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"


async def libraries(maven: str, cache: Path = CACHE) -> Path:
    """Return the directory of the libraries; fetch them if they are not there.

    Raises:
        MissingServerError: Maven cannot get them; the message has its last word.
    """
    found = cache / "libs"
    await asyncio.to_thread(cache.mkdir, parents=True, exist_ok=True)
    one_at_a_time = FileLock(cache / "lock")
    await one_at_a_time.acquire_within(PATIENCE)
    try:
        if not found.exists():
            await _fetch(maven, found)
    finally:
        one_at_a_time.release()
    return found


async def _fetch(maven: str, target: Path) -> None:
    with tempfile.TemporaryDirectory(dir=target.parent, prefix="fetch-") as name:
        directory = Path(name)
        (directory / "pom.xml").write_text(_pom())
        process = await asyncio.create_subprocess_exec(
            *(maven, "--batch-mode", "--quiet", _GOAL, f"-DoutputDirectory={directory / 'libs'}"),
            cwd=directory,
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=STDOUT,
        )
        try:
            async with asyncio.timeout(PATIENCE.total_seconds()):
                output, _ = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if process.returncode:
            raise MissingServerError(f"Maven cannot get Apache Kafka {VERSION}: {_reason(output)}")
        shutil.move(directory / "libs", target)


def _reason(output: bytes) -> str:
    errors = [line for line in output.decode(errors="replace").splitlines() if "ERROR" in line]
    return errors[0][:300] if errors else "it says nothing"


def _pom() -> str:
    dependencies = "".join(
        "<dependency><groupId>{}</groupId><artifactId>{}</artifactId>"
        "<version>{}</version></dependency>".format(*name.split(":"), version)
        for name, version in _DEPENDENCIES.items()
    )
    return (
        "<project><modelVersion>4.0.0</modelVersion><groupId>agent-runtime</groupId>"
        "<artifactId>kafka</artifactId><version>1</version><packaging>pom</packaging>"
        f"<dependencies>{dependencies}</dependencies></project>"
    )
