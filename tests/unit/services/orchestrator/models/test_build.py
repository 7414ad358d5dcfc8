# SPDX-License-Identifier: Apache-2.0
import pytest
from pydantic import SecretStr

from services.orchestrator.models.build import build_model
from services.orchestrator.models.offline.model import OfflineModel
from services.orchestrator.models.settings import ModelProviderSettings
from shared.errors import ConfigurationError

VARIABLES = ("AGENT_MODEL", "OPENAI_API_KEY", "OPENAI_BASE_URL", "ANTHROPIC_API_KEY")


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in (*VARIABLES, "OLLAMA_BASE_URL", "GROQ_API_KEY"):
        monkeypatch.delenv(variable, raising=False)


def test_without_a_word_the_model_needs_no_provider() -> None:
    settings = ModelProviderSettings()

    assert settings.agent_model == "offline"
    assert isinstance(build_model(settings.agent_model, settings), OfflineModel)


def test_settings_are_the_variables_that_the_providers_use(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for variable in VARIABLES:
        monkeypatch.setenv(variable, "http://set")

    settings = ModelProviderSettings()

    assert settings.agent_model == settings.openai_base_url == "http://set"
    assert settings.openai_api_key == settings.anthropic_api_key == SecretStr("http://set")
    assert "http://set'" not in repr(settings.openai_api_key)


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("openai:gpt-4o", {"openai_api_key": "k"}),
        ("openai:llama", {"openai_base_url": "http://127.0.0.1:1/v1"}),
        ("anthropic:claude-haiku-4-5", {"anthropic_api_key": "k"}),
        ("ollama:llama3.2:3b", {}),
    ],
)
def test_a_provider_and_a_model_make_a_model(name: str, settings: dict[str, str]) -> None:
    model = build_model(name, ModelProviderSettings.model_validate(settings))

    assert model.model_id == name


def test_a_key_that_only_the_settings_hold_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "other")
    settings = ModelProviderSettings(openai_api_key=SecretStr("mine"))

    model = build_model("openai:gpt-4o", settings)

    assert model.provider is not None
    assert model.provider.client.api_key == "mine"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("gpt-4o", "write 'offline' or a provider and a model, such as 'openai:gpt-5'"),
        ("", "write 'offline'"),
        ("openai:", "write 'offline'"),
        ("openai:gpt-4o", "set OPENAI_API_KEY, or OPENAI_BASE_URL"),
        ("anthropic:claude-haiku-4-5", "set ANTHROPIC_API_KEY"),
        ("nobody:model", "Unknown model"),
        ("groq:llama", "groq"),
    ],
)
def test_what_is_missing_is_said_in_one_line(name: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message) as caught:
        build_model(name, ModelProviderSettings())

    assert str(caught.value).startswith(f"model {name!r}: ")
    assert "\n" not in str(caught.value)
