# SPDX-License-Identifier: Apache-2.0
"""From what a provider's library raises to our two errors."""

from datetime import timedelta
from typing import cast

from pydantic_ai import exceptions

from services.orchestrator.models.errors import ModelQuotaExceeded, ModelRefused, ModelUnavailable
from shared.errors import AgentRuntimeError
from shared.scrubbing import scrub

_SHOWN = 200

_REFUSALS = (
    exceptions.ModelRequestRejectedError,
    exceptions.ContentFilterError,
    exceptions.UserError,
)
_AGAIN_STATUSES = {408, 409, 425, 429}

_KINDS: tuple[tuple[type[Exception], str], ...] = (
    (exceptions.ModelQuotaExceededError, "the account's quota or credit is used up; top it up"),
    (exceptions.ModelAuthenticationError, "the provider does not accept the key; set another"),
    (exceptions.ModelNotFoundError, "the provider has no such model; name another"),
    (exceptions.ModelContextWindowExceededError, "the conversation is too long for the model"),
    (exceptions.ModelRateLimitError, "the provider limits the rate of requests"),
    (exceptions.ModelRequestTimeout, "no answer within the time limit"),
    (exceptions.ModelTimeoutError, "no answer within the time limit"),
    (TimeoutError, "no answer within the time limit"),
    (exceptions.ModelConnectionError, "the provider cannot be reached"),
    (exceptions.ContentFilterError, "the provider's content filter refused the request"),
    (exceptions.UserError, "the request cannot be made to this model"),
)


def translated(error: Exception, *, model: str) -> AgentRuntimeError:
    """Return the error to raise instead; what it says holds no key."""
    message = f"{model}: {_kind(error)}{_detail(error)}"
    if isinstance(error, exceptions.ModelQuotaExceededError):
        return ModelQuotaExceeded(message)
    if isinstance(error, _REFUSALS) or _rejected(error):
        return ModelRefused(message)
    seconds = error.retry_after if isinstance(error, exceptions.ModelAPIError) else None
    wait = None if seconds is None else timedelta(seconds=min(seconds, 86_400))
    return ModelUnavailable(message, retry_after=wait)


def _rejected(error: Exception) -> bool:
    if not isinstance(error, exceptions.ModelHTTPError):
        return False
    return 400 <= error.status_code < 500 and error.status_code not in _AGAIN_STATUSES


def _kind(error: Exception) -> str:
    known = next((words for kind, words in _KINDS if isinstance(error, kind)), None)
    if known is not None:
        return known
    if isinstance(error, exceptions.ModelHTTPError):
        return f"the provider answered with status {error.status_code}"
    return "the answer cannot be understood"


def _detail(error: Exception) -> str:
    """Quote what the provider says, unless it is about the key, which it may repeat."""
    about_key = isinstance(error, exceptions.ModelAuthenticationError)
    if about_key or not isinstance(error, exceptions.ModelAPIError):
        return ""
    body = cast("dict[str, object]", error.body) if isinstance(error.body, dict) else {}
    words = [str(part) for part in (error.provider_error_code, body.get("message")) if part]
    text = scrub(" ".join(": ".join(words).split()))
    return f" ({text[:_SHOWN]})" if text else ""
