# SPDX-License-Identifier: Apache-2.0
"""The one thing that can go wrong with evidence."""

from shared.errors import PermanentError


class VerificationError(PermanentError):
    """What was shown is malformed, or does not prove what it claims."""
