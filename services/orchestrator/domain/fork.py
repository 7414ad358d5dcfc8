# SPDX-License-Identifier: Apache-2.0
"""What a session is a fork of, and what came along."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

Changed = Literal["message", "agent", "model"]
Files = Literal["copied", "rebuilt", "partial", "empty"]


class Fork(BaseModel):
    """The provenance of a forked session.

    ``workspace`` says where its files come from: ``copied`` as they were at the end of the
    original; ``rebuilt`` from the recorded writes and edits; ``partial`` if some calls, named in
    ``not_repeated``, may have changed files in ways that were not recorded; or ``empty``.
    """

    model_config = ConfigDict(frozen=True)

    session_id: str
    at_sequence: int
    turns: int
    messages: int
    changed: tuple[Changed, ...] = ()
    workspace: Files
    not_repeated: tuple[str, ...] = ()
    turn_ids: tuple[str, ...] = ()
    """The turns that the fork goes on with: of the changed message, or of those in hand then."""
