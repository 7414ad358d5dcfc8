# SPDX-License-Identifier: Apache-2.0
"""The history over HTTP."""

from services.persistence.api.router import history_router

__all__ = ["history_router"]
