# SPDX-License-Identifier: Apache-2.0
"""Time-ordered identifiers."""

from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    """Return a new UUIDv7: unique, and later ones sort after earlier ones."""
    return uuid7()
