# SPDX-License-Identifier: Apache-2.0
"""What others got wrong with events, agents and dead letters, and what keeps us from it.

Each pitfall is held by tests whose docstrings begin with its number and name the safeguard.
"""

import ast
import re
from collections.abc import Iterator

import pytest

from shared.events.topics import CONSUMING_SERVICES, Topics
from shared.messaging import KafkaEventBus
from shared.settings import KafkaSettings
from tests.support.repository import ROOT, python_files

PITFALLS = {
    "P1": "bytes of any kind on a topic are lost, or hold it up",
    "P2": "a crash between two steps loses or doubles an effect",
    "P3": "the dead letter queue is down, and records are lost or the consumer spins",
    "P4": "a handler of twenty minutes makes a rebalance, or holds up everybody",
    "P5": "a rebalance in the middle of a batch, and a zombie that finishes late",
    "P6": "later events of a session overtake one that is tried again",
    "P7": "two groups share what failed",
    "P8": "a redriven event reaches those that had no trouble",
    "P9": "headers grow, stacks are endless, secrets are in them",
    "P10": "a replay moves the live group, or calls models, tools and people",
    "P11": "positions have gaps under writers at the same time",
    "P12": "a projection that is built again differs from the live one",
    "P13": "Redis is wiped or away, and answers are wrong",
    "P14": "an approval is replayed, altered, late, doubled, one's own, or bypassed",
    "P15": "a flipped bit, a cut, an exchange, an old checkpoint, a fork go unnoticed",
    "P16": "reserved headers of a stranger are believed",
    "P17": "order by time, and durations below nothing",
    "P18": "a metric has a series for each session",
    "P19": "the broker is started anew or lacks a topic, and health says all is well",
    "P20": "exactly once rests on Kafka transactions alone",
}

_NAMED = re.compile(r"\AP\d{1,2}\b")
_SAFEGUARD = re.compile("safeguard|fails (if|without)|leave out")
_TRANSACTIONS = {"transactional_id", "read_committed", "begin_transaction", "send_offsets"}


@pytest.mark.parametrize("pitfall", PITFALLS)
def test_every_pitfall_is_held_by_a_test_that_names_it(pitfall: str) -> None:
    assert pitfall in {name for name, _ in _held()}, PITFALLS[pitfall]


def test_a_test_that_names_a_pitfall_names_its_safeguard() -> None:
    without = [doc for _, doc in _held() if not _SAFEGUARD.search(doc)]

    assert without == []


@pytest.mark.parametrize("service", CONSUMING_SERVICES)
def test_no_service_reads_the_retry_topic_of_another(service: str) -> None:
    """P7: groups share no retry topic. Safeguard: the service in its name, and in what is read."""
    topics = Topics()
    retry_topics = {topics.retry(each) for each in CONSUMING_SERVICES}

    read = KafkaEventBus(KafkaSettings(), service=service, version="1.0")._read

    assert retry_topics & set(read) == {topics.retry(service)}
    assert len(retry_topics) == len(CONSUMING_SERVICES)


def test_who_reads_topics_again_can_call_no_model_and_no_tool() -> None:
    """P10: a replay has no side effects. Safeguard: the one service with models replays nothing."""
    imports = {path: set(_imports(path.read_text())) for path in python_files("services")}
    with_models = {
        path.relative_to(ROOT).parts[1]
        for path, names in imports.items()
        if any(name.split(".")[0] in {"pydantic_ai", "mcp"} for name in names)
    }
    replaying = {
        path.relative_to(ROOT).parts[1]
        for path, names in imports.items()
        if any(name.startswith("shared.messaging.replay") for name in names)
    }

    assert with_models == {"orchestrator"}
    assert replaying
    assert replaying & with_models == set()


def test_nothing_rests_on_kafka_transactions() -> None:
    """P20: effects are once by their databases. Safeguard: no transactional client."""
    found = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in python_files("services", "shared", "deploy")
        for name in _TRANSACTIONS & set(_names(path.read_text()))
    }

    assert found == set()


def _held() -> Iterator[tuple[str, str]]:
    for path in python_files("tests"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and "test_" in node.name:
                doc = ast.get_docstring(node) or ""
                named = _NAMED.match(doc)
                if named:
                    yield named.group(), doc.lower()


def _imports(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom):
            yield node.module or ""
        elif isinstance(node, ast.Import):
            yield from (each.name for each in node.names)


def _names(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.keyword) and node.arg:
            yield node.arg
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
