# SPDX-License-Identifier: Apache-2.0
import importlib
import inspect

import pytest

from deploy.embedded.catalogue import SERVICES, service_names
from shared.events.topics import CONSUMING_SERVICES
from tests.support.repository import ROOT

ANATOMY = {"__init__.py", "__main__.py", "app.py", "handlers.py", "settings.py"}
ALIASES = {"handlers.py": "event_handlers"}
"""The orchestrator's handlers are a package, as there is one for each subject."""


@pytest.mark.parametrize("service", service_names())
def test_every_service_has_the_same_anatomy(service: str) -> None:
    folder = ROOT / "services" / service

    missing = [
        part
        for part in ANATOMY
        if not (folder / part).exists() and not (folder / ALIASES.get(part, part)).exists()
    ]
    api = (folder / "api.py").exists() or (folder / "api").is_dir()

    assert missing == []
    assert api


@pytest.mark.parametrize("service", service_names())
def test_every_service_says_what_it_consumes_produces_and_owns(service: str) -> None:
    words = (inspect.getdoc(importlib.import_module(f"services.{service}")) or "").lower()

    assert [word for word in ("consumes", "produces", "owns") if word not in words] == []


@pytest.mark.parametrize("entry", SERVICES, ids=lambda entry: entry.name)
def test_the_catalogue_and_the_services_agree_on_names_and_ports(entry: object) -> None:
    name, port = getattr(entry, "name", ""), getattr(entry, "port", 0)
    app = importlib.import_module(f"services.{name}.app")

    assert (name, port) == (app.NAME, app.DEFAULT_PORT)
    assert callable(app.create_app)


def test_every_folder_of_services_is_a_service_or_the_command_line() -> None:
    folders = {path.parent.name for path in (ROOT / "services").glob("*/__init__.py")}

    assert folders == {*service_names(), "agentctl"}


def test_services_that_handle_events_have_a_retry_topic() -> None:
    assert set(CONSUMING_SERVICES) == {*service_names()} - {"dead_letters"}
