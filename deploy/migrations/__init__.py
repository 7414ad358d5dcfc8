# SPDX-License-Identifier: Apache-2.0
"""The history of the database schema: one history, in which each service owns a schema."""

from deploy.migrations.runner import upgrade

__all__ = ["upgrade"]
