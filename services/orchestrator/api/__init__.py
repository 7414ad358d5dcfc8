# SPDX-License-Identifier: Apache-2.0
"""The HTTP interface of the orchestrator."""

from services.orchestrator.api.router import build_router

__all__ = ["build_router"]
