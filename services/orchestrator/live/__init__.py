# SPDX-License-Identifier: Apache-2.0
"""What happens now, for those who watch: news of sessions, and text while a model writes it."""

from services.orchestrator.live.feed import SessionFeed
from services.orchestrator.live.watch import Piece, Watch

__all__ = ["Piece", "SessionFeed", "Watch"]
