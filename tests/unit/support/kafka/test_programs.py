# SPDX-License-Identifier: Apache-2.0
"""Which programs are chosen, asked of scripted ones on a path of our own."""

from collections.abc import Callable
from pathlib import Path

import pytest

from deploy.embedded.errors import MissingServerError
from tests.support.kafka.artifacts import libraries
from tests.support.kafka.programs import Docker, LocalJava, kafka_programs

Script = Callable[[str, str], None]


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Script:
    """Put a program on the path, which is empty otherwise."""
    monkeypatch.setenv("PATH", str(tmp_path))

    def write(name: str, body: str) -> None:
        program = tmp_path / name
        program.write_text(f"#!/bin/sh\n{body}\n")
        program.chmod(0o700)

    return write


@pytest.fixture
def fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Have the libraries in the cache, so that nothing is fetched."""

    async def there(_: str) -> Path:
        return tmp_path / "libs"

    monkeypatch.setattr("tests.support.kafka.programs.libraries", there)
    return tmp_path / "libs"


async def test_docker_is_taken_where_an_engine_answers(script: Script, fetched: Path) -> None:
    script("docker", "echo 29.0")
    script("java", 'echo openjdk version \\"21.0.1\\" >&2')
    script("mvn", "exit 0")

    assert isinstance(await kafka_programs(), Docker)


async def test_java_is_taken_where_no_engine_answers(script: Script, fetched: Path) -> None:
    script("docker", "echo cannot connect >&2; exit 1")
    script("java", 'echo openjdk version \\"17.0.15\\" 2025-04-15 >&2')
    script("mvn", "exit 0")

    programs = await kafka_programs()

    assert isinstance(programs, LocalJava)
    assert f"{fetched}/*" in programs.command("kafka.Kafka", directory=fetched)


async def test_java_is_taken_where_the_engine_cannot_get_the_image(
    script: Script, fetched: Path
) -> None:
    """An engine without a way to a registry is no reason not to test."""
    script("docker", 'case "$1" in version) echo 29.0;; *) exit 1;; esac')
    script("java", 'echo openjdk version \\"17.0.15\\" 2025-04-15 >&2')
    script("mvn", "exit 0")

    assert isinstance(await kafka_programs(), LocalJava)


async def test_docker_is_taken_where_the_engine_has_to_get_the_image(
    script: Script, fetched: Path
) -> None:
    script("docker", 'case "$1" in image) exit 1;; *) echo 29.0;; esac')
    script("java", 'echo openjdk version \\"17.0.15\\" 2025-04-15 >&2')
    script("mvn", "exit 0")

    assert isinstance(await kafka_programs(), Docker)


@pytest.mark.parametrize("version", ["11.0.2", "1.8.0_402"])
async def test_with_an_old_java_it_is_said_what_to_install(
    script: Script, fetched: Path, version: str
) -> None:
    script("java", f'echo openjdk version \\"{version}\\" >&2')
    script("mvn", "exit 0")

    with pytest.raises(MissingServerError, match="start Docker, or install Java 17 or newer"):
        await kafka_programs()


async def test_a_container_is_removed_when_it_ends_and_listens_on_loopback_only(
    tmp_path: Path,
) -> None:
    docker = Docker(docker="docker")

    command = docker.command("kafka.Kafka", "server.properties", directory=tmp_path, ports=[1234])

    assert command[:3] == ("docker", "run", "--rm")
    assert "127.0.0.1:1234:1234" in command
    assert f"{tmp_path}:{tmp_path}" in command
    assert command[-2:] == ("kafka.Kafka", "server.properties")


async def test_when_maven_cannot_get_the_libraries_its_reason_is_one_line(
    script: Script, tmp_path: Path
) -> None:
    script("mvn", "echo '[ERROR] no route to anywhere'; echo '[ERROR] more'; exit 1")

    with pytest.raises(MissingServerError, match=r"cannot get Apache Kafka .*: \[ERROR\] no route"):
        await libraries(str(tmp_path / "mvn"), tmp_path / "cache")

    assert not (tmp_path / "cache" / "libs").exists()
