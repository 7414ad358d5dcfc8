# SPDX-License-Identifier: Apache-2.0
from pathlib import Path

import pytest

from services.orchestrator.tools.workspace.limits import WorkspaceLimits
from services.orchestrator.tools.workspace.workspace import Workspace
from services.orchestrator.tools.workspace.workspaces import Workspaces


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    limits = WorkspaceLimits(file_bytes=1000, entries=10, scanned_bytes=5000)
    return Workspaces(tmp_path / "root", limits=limits).open("session-1")
