# SPDX-License-Identifier: Apache-2.0
"""What a tool says when it cannot do what it was asked."""

from shared.errors import PermanentError


class ToolError(PermanentError):
    """A result that the model sees instead of the one it asked for.

    The message is written for the model: it says what was wrong and what to do about it. It never
    stops the turn, and repeating the same call gives the same answer.
    """


class ToolOutcomeUnknown(ToolError):
    """The call was cut off or failed inside, so it may have had its effect or part of it."""
