# SPDX-License-Identifier: Apache-2.0
"""What the consumers of a service have in hand, kept in the store where its effects are."""

from shared.attempts.postgres import PostgresInHand
from shared.attempts.redis import RedisInHand

__all__ = ["PostgresInHand", "RedisInHand"]
