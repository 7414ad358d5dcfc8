# SPDX-License-Identifier: Apache-2.0
"""``python -m deploy.compose.database``: the newest schema, and a password for each role.

It may be run at any time: what is done already is left as it is, and a password that was changed in
``.env`` is changed here.
"""

import asyncio
import sys

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from deploy.embedded.roles import let_log_in
from deploy.migrations import upgrade
from shared.errors import AgentRuntimeError
from shared.settings import DatabaseSettings, explain


class RoleSettings(BaseSettings):
    """The passwords of the roles, one for each service that keeps data in PostgreSQL."""

    model_config = SettingsConfigDict(env_ignore_empty=True, frozen=True)

    orchestrator: SecretStr = Field(validation_alias="ORCHESTRATOR_DB_PASSWORD")
    persistence: SecretStr = Field(validation_alias="PERSISTENCE_DB_PASSWORD")
    audit: SecretStr = Field(validation_alias="AUDIT_DB_PASSWORD")
    dead_letters: SecretStr = Field(validation_alias="DEAD_LETTERS_DB_PASSWORD")

    def passwords(self) -> dict[str, str]:
        """Return the password of each role."""
        return {name: getattr(self, name).get_secret_value() for name in type(self).model_fields}


def main() -> None:
    """Prepare the database, or exit with 1 and one line that says why not."""
    try:
        url = DatabaseSettings().url.get_secret_value()
        roles = asyncio.run(prepare(url, RoleSettings.model_validate({}).passwords()))
    except ValidationError as error:
        sys.exit(str(explain(error)))
    except AgentRuntimeError as error:
        sys.exit(str(error))
    sys.stdout.write(f"schema current; these roles may log in: {', '.join(roles)}\n")


async def prepare(url: str, passwords: dict[str, str]) -> list[str]:
    """Bring the schema up to date, let the roles log in, and return their names."""
    await upgrade(url)
    return await let_log_in(url, passwords)


if __name__ == "__main__":
    main()
