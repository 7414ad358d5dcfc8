# SPDX-License-Identifier: Apache-2.0
"""Forks as they are said."""

from datetime import datetime

from pydantic import Field

from services.persistence.views.view import View


class Fork(View):
    """A session that began with the past of another, up to its event ``forked_at_sequence``."""

    session_id: str
    forked_from: str | None
    forked_at_sequence: int | None
    title: str | None
    state: str | None
    agent: str | None
    created_by: str | None
    messages: int
    created_at: datetime


class ForkNode(Fork):
    """A session in a tree of forks; the first one has depth 0 and is forked from none that is here.

    Forks stand below their original, by the point at which they were made.
    """

    depth: int


class ForkTree(View):
    """The whole family of a session, in the order in which it is read."""

    session_id: str
    items: list[ForkNode]
    truncated: bool = Field(description="there are more sessions than are shown")
