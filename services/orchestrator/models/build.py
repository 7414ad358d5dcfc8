# SPDX-License-Identifier: Apache-2.0
"""From the name of a model to the model."""

from pydantic import SecretStr
from pydantic_ai.exceptions import UserError
from pydantic_ai.models import Model, infer_model

from services.orchestrator.models.offline.model import OfflineModel
from services.orchestrator.models.settings import ModelProviderSettings
from shared.errors import ConfigurationError

OFFLINE = "offline"

_NO_KEY = "not-needed"
"""What is sent where a server of one's own asks for no key, but the library for one."""


def build_model(name: str, settings: ModelProviderSettings) -> Model:
    """Return the model called ``name``; nothing is sent yet.

    ``offline`` needs no provider. ``openai:NAME`` is asked over chat completions, which compatible
    servers speak too: set ``OPENAI_BASE_URL`` to one. ``anthropic:NAME`` and ``ollama:NAME`` go to
    these; any other ``PROVIDER:NAME`` is what pydantic-ai knows by it, with its variables.

    Raises:
        ConfigurationError: there is no such provider, its key is missing, or so is its library.
    """
    if name == OFFLINE:
        return OfflineModel()
    provider, _, model = name.partition(":")
    if not model:
        raise ConfigurationError(
            f"model {name!r}: write {OFFLINE!r} or a provider and a model, such as 'openai:gpt-5'"
        )
    try:
        match provider:
            case "openai":
                return _openai(model, settings)
            case "anthropic":
                return _anthropic(model, settings)
            case "ollama":
                return _ollama(model, settings)
            case _:
                return infer_model(name)
    except (UserError, ImportError, ValueError) as error:
        reason = str(error).partition("\n")[0]
        raise ConfigurationError(f"model {name!r}: {reason}") from None


def _openai(model: str, settings: ModelProviderSettings) -> Model:
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.providers.openai import OpenAIProvider

    key = _value(settings.openai_api_key)
    if key is None and settings.openai_base_url is None:
        raise UserError("set OPENAI_API_KEY, or OPENAI_BASE_URL to a server of your own")
    provider = OpenAIProvider(base_url=settings.openai_base_url, api_key=key or _NO_KEY)
    return OpenAIChatModel(model, provider=provider)


def _anthropic(model: str, settings: ModelProviderSettings) -> Model:
    from pydantic_ai.models.anthropic import AnthropicModel
    from pydantic_ai.providers.anthropic import AnthropicProvider

    key = _value(settings.anthropic_api_key)
    if key is None:
        raise UserError("set ANTHROPIC_API_KEY")
    return AnthropicModel(model, provider=AnthropicProvider(api_key=key))


def _ollama(model: str, settings: ModelProviderSettings) -> Model:
    from pydantic_ai.models.ollama import OllamaModel
    from pydantic_ai.providers.ollama import OllamaProvider

    return OllamaModel(model, provider=OllamaProvider(base_url=settings.ollama_base_url))


def _value(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret else None
