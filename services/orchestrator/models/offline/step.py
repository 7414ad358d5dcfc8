# SPDX-License-Identifier: Apache-2.0
"""What a request asks for, as far as the offline model understands it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Topic = Literal["coder", "architect", "debug", "ask"]
"""The agent whose matter something is, by the names of the packaged ``agents.yaml``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A tool to call, and with what."""

    tool: str
    arguments: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A part of a request: the calls that fulfil it, or only whose matter it is."""

    text: str
    calls: tuple[Call, ...] = field(default=())
    topic: Topic | None = None
