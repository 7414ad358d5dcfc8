# SPDX-License-Identifier: Apache-2.0
import importlib
import re
import tomllib
from collections.abc import Iterator

import pytest
from pydantic_settings import BaseSettings

from deploy.docs.documents import out_of_date
from deploy.docs.settings import GROUPS, groups
from tests.support.repository import ROOT, files, python_files

_LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)(?:#[^)]*)?\)")


def test_generated_documents_are_current() -> None:
    assert [str(path) for path in out_of_date()] == []


def settings_classes() -> Iterator[type[BaseSettings]]:
    for path in python_files("services", "shared"):
        if path.name == "settings.py":
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            for each in vars(importlib.import_module(name)).values():
                if isinstance(each, type) and issubclass(each, BaseSettings):
                    yield each


def test_every_setting_is_documented() -> None:
    documented = {settings_class for _, settings_class in GROUPS}
    inherited = {name for _, each in GROUPS for name in each.model_fields}

    undocumented = [
        each.__name__
        for each in settings_classes()
        if each not in documented and not set(each.model_fields) <= inherited
    ]

    assert undocumented == []


def test_no_setting_has_a_secret_as_its_default() -> None:
    defaults = {
        setting.variable: setting.default for group in groups() for setting in group.settings
    }

    secret = re.compile("PASSWORD|API_KEY|TOKEN$|SECRET")
    assert {name: value for name, value in defaults.items() if secret.search(name) and value} == {}


def test_the_changelog_tells_of_the_version_that_this_is() -> None:
    with (ROOT / "pyproject.toml").open("rb") as file:
        version = tomllib.load(file)["project"]["version"]
    changelog = (ROOT / "CHANGELOG.md").read_text("utf-8")
    headings: list[str] = re.findall(r"^## \[?([^]\s]+)", changelog, re.MULTILINE)

    assert next(heading for heading in headings if heading != "Unreleased") == version


@pytest.mark.parametrize(
    "path",
    sorted(path for path in files() if path.suffix == ".md"),
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_links_between_documents_lead_somewhere(path: object) -> None:
    document = ROOT / str(path)
    links: list[str] = _LINK.findall(document.read_text("utf-8"))

    assert [link for link in links if not (document.parent / link).exists()] == []
