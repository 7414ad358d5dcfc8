# SPDX-License-Identifier: Apache-2.0
"""What the services of a stack are told through their environment."""

from collections.abc import Mapping

from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from deploy.embedded.environment import kafka_variables
from shared.settings import KafkaSettings

_KAFKA = {
    "KAFKA_PARTITIONS": "4",  # what it gives a topic that a client asks for before we create it
    "KAFKA_ENABLE_IDEMPOTENCE": "false",  # the embedded broker has no InitProducerId
    "KAFKA_FETCH_MAX_WAIT": "0.02",  # it answers a fetch of an idle topic only after this wait
    "KAFKA_SESSION_TIMEOUT": "3",  # it lets a member wait for half of this before it may join
    "KAFKA_LEAVE_FORMING_GROUPS": "false",  # it would wait for a leader that has left for good
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
    return {"KAFKA_BOOTSTRAP_SERVERS": bootstrap_servers, **_KAFKA, **_chosen(extra)}


def cluster_environment(bootstrap_servers: str, extra: Mapping[str, str]) -> dict[str, str]:
    """Return the same for a cluster that is not ours, of which our own variables tell the rest."""
    return {**kafka_variables(), "KAFKA_BOOTSTRAP_SERVERS": bootstrap_servers, **_chosen(extra)}


def kafka_settings(bootstrap_servers: str, extra: Mapping[str, str]) -> KafkaSettings:
    """Return the settings of the embedded broker, for what the stack itself does with it."""
    return settings_of(kafka_environment(bootstrap_servers, extra))


def settings_of(variables: Mapping[str, str]) -> KafkaSettings:
    """Return the variables ``KAFKA_*`` of a service as settings."""
    values = {name.removeprefix("KAFKA_").lower(): text for name, text in variables.items()}
    return StackKafkaSettings.model_validate(values)


def _chosen(extra: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in extra.items() if name.startswith("KAFKA_")}
