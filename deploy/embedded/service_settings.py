# SPDX-License-Identifier: Apache-2.0
"""What the services of a stack are told through their environment."""

from collections.abc import Mapping

from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from shared.settings import KafkaSettings

_KAFKA = {
    "KAFKA_ENABLE_IDEMPOTENCE": "false",  # the embedded broker has no InitProducerId
    "KAFKA_FETCH_MAX_WAIT": "0.02",  # it answers a fetch of an idle topic only after this wait
}


class StackKafkaSettings(KafkaSettings):
    """The broker of a stack; the environment, which may name another broker, is not read."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read arguments only."""
        return (init_settings,)


def kafka_environment(bootstrap_servers: str, extra: Mapping[str, str]) -> dict[str, str]:
    """Return the ``KAFKA_*`` variables of every service; ``extra`` may replace some."""
    chosen = {name: value for name, value in extra.items() if name.startswith("KAFKA_")}
    return {"KAFKA_BOOTSTRAP_SERVERS": bootstrap_servers, **_KAFKA, **chosen}


def kafka_settings(bootstrap_servers: str, extra: Mapping[str, str]) -> KafkaSettings:
    """Return the same as settings, for what the stack itself does with the broker."""
    variables = kafka_environment(bootstrap_servers, extra)
    values = {name.removeprefix("KAFKA_").lower(): text for name, text in variables.items()}
    return StackKafkaSettings.model_validate(values)
