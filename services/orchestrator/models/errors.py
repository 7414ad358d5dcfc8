# SPDX-License-Identifier: Apache-2.0
"""Why a model did not answer, named for what to do about it.

The messages are our own words with the category and the code of the provider; what the provider
wrote is shortened and cleaned of keys.
"""

from datetime import timedelta

from shared.errors import PermanentError, TransientError


class ModelUnavailable(TransientError):
    """The model may answer later: a rate limit, a server error, a timeout, a garbled answer."""

    def __init__(self, message: str, *, retry_after: timedelta | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        """How long the provider asks to wait, if it said so."""


class ModelCircuitOpen(ModelUnavailable):
    """The model was not asked, because it has not answered lately."""


class ModelCutOff(ModelUnavailable):
    """The model was asked, and its answer not waited for."""


class ModelRefused(PermanentError):
    """The model will not answer this request however often it is asked: key, quota, content."""


class ModelQuotaExceeded(ModelRefused):
    """The account is used up; nothing is wrong with the request, so another model may answer it."""
