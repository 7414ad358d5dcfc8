# SPDX-License-Identifier: Apache-2.0
import json
import os
from pathlib import Path

import pytest

from services.agentctl.errors import CommandError
from services.agentctl.kafka import kafka_settings

STACK = {"kafka_bootstrap_servers": "127.0.0.1:5", "kafka_topic_prefix": "mine"}


@pytest.fixture(autouse=True)
def _no_kafka_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):  # noqa: TID251 -- what a developer has set must not matter
        if name.startswith("KAFKA_"):
            monkeypatch.delenv(name)


@pytest.fixture
def stack(tmp_path: Path) -> None:
    directory = tmp_path / ".agent-runtime"
    directory.mkdir()
    (directory / "stack.json").write_text(json.dumps(STACK))


def test_without_anything_kafka_is_where_it_is_by_default() -> None:
    assert kafka_settings().bootstrap_servers == "127.0.0.1:9092"


@pytest.mark.usefixtures("stack")
def test_a_running_stack_says_where_its_kafka_is() -> None:
    settings = kafka_settings()

    assert (settings.bootstrap_servers, settings.topic_prefix) == ("127.0.0.1:5", "mine")


@pytest.mark.usefixtures("stack")
def test_the_environment_has_the_last_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "kafka.example:9092")

    settings = kafka_settings()

    assert (settings.bootstrap_servers, settings.topic_prefix) == (
        "kafka.example:9092",
        "agent-runtime",
    )


@pytest.mark.usefixtures("stack")
def test_a_prefix_of_the_environment_is_kept_on_a_running_stack(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("KAFKA_TOPIC_PREFIX", "other")

    assert kafka_settings().topic_prefix == "other"


def test_a_setting_that_is_none_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAFKA_PARTITIONS", "many")

    with pytest.raises(CommandError, match="partitions"):
        kafka_settings()
