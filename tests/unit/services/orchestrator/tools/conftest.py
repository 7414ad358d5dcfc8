# SPDX-License-Identifier: Apache-2.0
from pathlib import Path
from uuid import UUID

import pytest

from services.orchestrator.tools.tool import ToolContext
from services.orchestrator.tools.workspace.limits import WorkspaceLimits
from services.orchestrator.tools.workspace.workspaces import Workspaces


@pytest.fixture
def context(tmp_path: Path) -> ToolContext:
    limits = WorkspaceLimits(file_bytes=2000, entries=10, scanned_bytes=5000)
    return ToolContext(
        session_id="session-1",
        effect_id=UUID("0192f0c0-0000-7000-8000-000000000001"),
        workspace=Workspaces(tmp_path / "root", limits=limits).open("session-1"),
    )
