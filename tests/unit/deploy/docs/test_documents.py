# SPDX-License-Identifier: Apache-2.0
import json
import re
from pathlib import Path
from typing import Any

from deploy.docs.documents import SCHEMAS, broken_promises, documents, out_of_date, write
from deploy.docs.settings import groups
from shared.events import Topics, registry
from shared.messaging.asyncapi import asyncapi_document


def test_writing_makes_everything_current_and_a_second_time_writes_nothing(tmp_path: Path) -> None:
    assert set(write(tmp_path)) == set(documents())
    assert out_of_date(tmp_path) == []
    assert write(tmp_path) == []


def test_a_field_that_disappeared_from_a_published_schema_is_noticed(tmp_path: Path) -> None:
    write(tmp_path)
    name = "agentruntime.domain.session_created.v1"
    path = tmp_path / SCHEMAS / f"{name}.json"
    schema = json.loads(path.read_text("utf-8"))
    schema["properties"]["colour"] = {"type": "string"}
    path.write_text(json.dumps(schema), "utf-8")

    assert list(broken_promises(tmp_path)) == [f"{name}: colour was removed or renamed"]


def test_the_asyncapi_document_has_every_topic_and_resolves_every_reference() -> None:
    document = asyncapi_document(version="1")
    topics = {each.name for each in Topics().specifications()}

    assert {channel["address"] for channel in document["channels"].values()} == topics
    assert set(document["components"]["messages"]) == {each.type_name() for each in registry}
    for reference in _references(document):
        assert _find(document, reference)


def _references(document: dict[str, Any]) -> list[str]:
    return re.findall(r'"\$ref": "([^"]+)"', json.dumps(document))


def _find(document: dict[str, Any], reference: str) -> object:
    found: Any = document
    for part in reference.removeprefix("#/").split("/"):
        found = found[part]
    return found


def test_every_variable_is_named_once() -> None:
    variables = [setting.variable for group in groups() for setting in group.settings]

    assert len(variables) == len(set(variables))
    assert {"DATABASE_URL", "KAFKA_BOOTSTRAP_SERVERS", "LOG_LEVEL", "REDIS_URL"} <= set(variables)


def test_what_is_required_is_the_only_thing_set_in_the_example() -> None:
    lines = documents()[Path(".env.example")].splitlines()

    assert [line for line in lines if line and not line.startswith("#")] == ["DATABASE_URL="]
