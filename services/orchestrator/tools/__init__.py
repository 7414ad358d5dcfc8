# SPDX-License-Identifier: Apache-2.0
"""What agents can do: tools, the workspace that they work in, and the identity of their calls."""

from services.orchestrator.tools.arguments import (
    JsonObject,
    arguments_digest,
    canonical_arguments,
    effect_id,
)
from services.orchestrator.tools.errors import ToolError, ToolOutcomeUnknown
from services.orchestrator.tools.execution import execute, reconcile
from services.orchestrator.tools.file_effects import apply_again
from services.orchestrator.tools.hand_over import HAND_OVER, HandOver, parse_hand_over
from services.orchestrator.tools.registry import BUILT_IN, ToolRegistry
from services.orchestrator.tools.threads import ToolThreads
from services.orchestrator.tools.tool import Reconciles, Safety, Tool, ToolContext, ToolResult
from services.orchestrator.tools.workspace.limits import WorkspaceLimits
from services.orchestrator.tools.workspace.workspace import Workspace
from services.orchestrator.tools.workspace.workspaces import Workspaces

__all__ = [
    "BUILT_IN",
    "HAND_OVER",
    "HandOver",
    "JsonObject",
    "Reconciles",
    "Safety",
    "Tool",
    "ToolContext",
    "ToolError",
    "ToolOutcomeUnknown",
    "ToolRegistry",
    "ToolResult",
    "ToolThreads",
    "Workspace",
    "WorkspaceLimits",
    "Workspaces",
    "apply_again",
    "arguments_digest",
    "canonical_arguments",
    "effect_id",
    "execute",
    "parse_hand_over",
    "reconcile",
]
