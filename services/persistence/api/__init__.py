# SPDX-License-Identifier: Apache-2.0
"""The history over HTTP."""

from services.persistence.api.router import IMPORTS_PATH, history_router

__all__ = ["IMPORTS_PATH", "history_router"]
