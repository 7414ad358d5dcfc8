# SPDX-License-Identifier: Apache-2.0
import importlib
import sys

import pytest

from deploy.compose.database import RoleSettings, main
from deploy.compose.env_file import SECRETS

PASSWORDS = [name for name in SECRETS if name.endswith("_DB_PASSWORD")]


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PASSWORDS:
        monkeypatch.setenv(name, f"the {name}")


def test_every_role_that_a_migration_makes_gets_its_own_password(environment: None) -> None:
    roles = importlib.import_module("deploy.migrations.versions.0001_roles").SERVICES

    assert RoleSettings.model_validate({}).passwords() == {
        role: f"the {role.upper()}_DB_PASSWORD" for role in roles
    }


@pytest.mark.parametrize("missing", PASSWORDS)
@pytest.mark.parametrize("value", ["", None])
def test_without_a_password_nothing_is_done(
    environment: None, monkeypatch: pytest.MonkeyPatch, missing: str, value: str | None
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@nowhere/nothing")
    monkeypatch.setattr(sys, "argv", ["database"])
    if value is None:
        monkeypatch.delenv(missing)
    else:
        monkeypatch.setenv(missing, value)

    with pytest.raises(SystemExit, match=f"{missing}: Field required"):
        main()
