# SPDX-License-Identifier: Apache-2.0
import json

import pytest

from deploy.docs.documents import SCHEMAS, broken_promises
from deploy.docs.schemas import schema_files
from shared.events import registry
from tests.support.repository import ROOT

PUBLISHED = sorted((ROOT / SCHEMAS).glob("*.json"))


def test_no_payload_lost_or_changed_a_field_without_a_new_version() -> None:
    assert list(broken_promises()) == []


def test_every_event_has_its_schema_published() -> None:
    assert set(schema_files()) <= {path.name for path in PUBLISHED}


@pytest.mark.parametrize("path", PUBLISHED, ids=lambda path: path.stem)
def test_every_published_version_can_still_be_read(path: object) -> None:
    type_name = getattr(path, "stem", "")

    event_class, steps = registry.resolve(type_name)

    assert event_class.version == int(type_name.rpartition(".v")[2]) + len(steps)


@pytest.mark.parametrize("path", PUBLISHED, ids=lambda path: path.stem)
def test_a_schema_has_the_name_that_records_refer_to(path: object) -> None:
    schema = json.loads((ROOT / SCHEMAS / getattr(path, "name", "")).read_text("utf-8"))

    assert schema["$id"] == f"urn:agent-runtime:schema:{getattr(path, 'stem', '')}"
