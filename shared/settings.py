# SPDX-License-Identifier: Apache-2.0
"""What a process can be told, in fragments: each server and concern has its own prefix."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.errors import ConfigurationError
from shared.retry import RetryPolicy


def _seconds(value: object) -> object:
    if not isinstance(value, (str, int, float)):
        return value
    try:
        return timedelta(seconds=float(value))
    except OverflowError as error:
        raise ValueError("this is more seconds than anything can take") from error
    except ValueError:
        return value


Seconds = Annotated[timedelta, BeforeValidator(_seconds)]
"""A duration, written as a number of seconds; as it is stored (``PT10M``) it is read too."""


class KafkaSettings(BaseSettings):
    """The broker, and how this process talks to it."""

    model_config = SettingsConfigDict(env_prefix="KAFKA_", frozen=True)

    bootstrap_servers: str = "127.0.0.1:9092"
    topic_prefix: str = Field(default="agent-runtime", pattern=r"^[a-zA-Z0-9._-]{1,100}$")
    partitions: int = Field(
        default=6, ge=1, le=1000, description="of each topic that has to be created"
    )
    replication_factor: int = Field(default=1, ge=1, le=9)
    domain_retention_days: int = Field(
        default=0,
        ge=0,
        le=36_500,
        description="how long the topic of domain events keeps what was said, also of erased"
        " sessions; 0 for ever",
    )
    enable_idempotence: bool = True
    fetch_max_wait: Seconds = Field(
        default=timedelta(milliseconds=50),
        description="how long a fetch may wait for records, in seconds",
    )
    batch_max_records: int = Field(default=1000, ge=1, le=50_000)
    max_record_bytes: int = Field(
        default=1_048_576, ge=1024, description="larger payloads are refused"
    )
    session_timeout: Seconds = timedelta(seconds=10)
    leave_forming_groups: bool = Field(
        default=True,
        description="whether a consumer that stops while its group is forming anew says so, which"
        " the embedded broker cannot bear",
    )
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    sasl_username: str | None = None
    sasl_password: SecretStr | None = None
    ssl_cafile: str | None = None


class DatabaseSettings(BaseSettings):
    """PostgreSQL, as the role of this service."""

    model_config = SettingsConfigDict(env_prefix="DATABASE_", frozen=True)

    url: SecretStr = Field(
        default=SecretStr(""),
        validate_default=True,
        description="required: postgresql://user:password@host:port/database",
    )
    pool_size: int = Field(default=10, ge=1, le=200)
    pool_timeout: Seconds = Field(
        default=timedelta(seconds=30),
        gt=timedelta(0),
        description="how long work waits while all connections of this process are in use",
    )
    connect_timeout: Seconds = timedelta(seconds=5)
    statement_timeout: Seconds = timedelta(seconds=30)

    @field_validator("url")
    @classmethod
    def _is_set(cls, url: SecretStr) -> SecretStr:
        if not url.get_secret_value():
            raise ValueError("set DATABASE_URL to postgresql://user:password@host:port/database")
        return url


class RedisSettings(BaseSettings):
    """Redis or Valkey."""

    model_config = SettingsConfigDict(env_prefix="REDIS_", frozen=True)

    url: SecretStr = SecretStr("redis://127.0.0.1:6379/0")
    timeout: Seconds = timedelta(seconds=5)


class HttpSettings(BaseSettings):
    """The HTTP interface of a service; on loopback unless told otherwise."""

    model_config = SettingsConfigDict(env_prefix="HTTP_", frozen=True)

    host: str = "127.0.0.1"
    port: int | None = Field(
        default=None, ge=0, le=65535, description="each service has its own default"
    )
    max_body_bytes: int = Field(default=1_048_576, ge=1024)
    keep_alive: Seconds = Field(
        default=timedelta(seconds=75),
        description="how long an idle connection is kept; longer than a gateway in front keeps it",
    )


class RetrySettings(BaseSettings):
    """How handlers are retried before a record becomes a dead letter."""

    model_config = SettingsConfigDict(env_prefix="RETRY_", frozen=True)

    max_attempts: int = Field(default=3, ge=1, le=100)
    initial_delay: Seconds = timedelta(seconds=1)
    max_delay: Seconds = timedelta(seconds=30)
    multiplier: float = Field(default=2.0, ge=1)
    jitter: float = Field(default=0.2, ge=0, le=1)

    def policy(self) -> RetryPolicy:
        """Return these settings as a policy."""
        return RetryPolicy(
            max_attempts=self.max_attempts,
            initial_delay=self.initial_delay,
            max_delay=self.max_delay,
            multiplier=self.multiplier,
            jitter=self.jitter,
        )


class DeliverySettings(BaseSettings):
    """When a consumer gives up on a record that ends its process, and when it stops altogether."""

    model_config = SettingsConfigDict(env_prefix="DELIVERY_", frozen=True)

    max_failed_in_a_row: int = Field(
        default=50,
        ge=0,
        description="records that the service gives up on in a row before it stops; 0 for no limit",
    )
    max_failed_share: float = Field(
        default=0.5,
        gt=0,
        le=1,
        description="share of the latest records that the service gives up on before it stops; "
        "1 for no limit",
    )
    max_crashes: int = Field(
        default=3,
        ge=1,
        le=100,
        description="processes that may end while they handle one record before it is given up on",
    )
    failed_share_window: int = Field(
        default=200, ge=10, le=100_000, description="how many records are the latest ones"
    )


class ServiceSettings(BaseSettings):
    """What every service can be told; each adds its own under its own prefix."""

    model_config = SettingsConfigDict(frozen=True)

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", validation_alias="LOG_LEVEL"
    )
    kafka: KafkaSettings = Field(default_factory=KafkaSettings)
    http: HttpSettings = Field(default_factory=HttpSettings)
    retry: RetrySettings = Field(default_factory=RetrySettings)
    delivery: DeliverySettings = Field(default_factory=DeliverySettings)


def explain(error: ValidationError) -> ConfigurationError:
    """Turn what pydantic says of the environment into one line per setting."""
    lines = [
        f"{error.title}.{'.'.join(str(part) for part in problem['loc'])}: {problem['msg']}"
        for problem in error.errors(include_url=False, include_input=False)
    ]
    return ConfigurationError("; ".join(lines))
