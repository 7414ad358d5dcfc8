# SPDX-License-Identifier: Apache-2.0
"""What a process of a service is told to do to itself, through its environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

SERVICE = "CHAOS_SERVICE"
POINT = "CHAOS_POINT"
OCCURRENCE = "CHAOS_OCCURRENCE"
MARK = "CHAOS_MARK"
TROUBLE = "CHAOS_TROUBLE"
UPGRADED = "CHAOS_UPGRADED"


class Point(StrEnum):
    """A place in the code at which a process can be made to end itself."""

    AFTER_EFFECT_BEFORE_COMMIT = "after effect, before commit"
    AFTER_DEAD_LETTER_BEFORE_COMMIT = "after dead letter, before commit"
    MID_BATCH = "mid-batch"
    DURING_REBALANCE = "during rebalance"
    BEFORE_DATABASE_COMMIT = "before database commit"
    AFTER_DATABASE_COMMIT = "after database commit"
    BEFORE_PUBLISH = "after database commit, before publish"
    AFTER_PUBLISH_BEFORE_MARKING = "after publish, before marking"
    AFTER_TOOL_BEFORE_RECORDING = "after a tool, before recording"


class Trouble(StrEnum):
    """In what way the handlers of a process misbehave."""

    SLOW = "slow"
    FAILING = "failing now and then"
    BROKEN = "broken for some sessions"


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """What one process is to do; the default is to be what it is in production.

    ``occurrence`` says at which passing of ``point`` it ends, and ``mark`` is the file that it
    leaves then. ``upgraded`` makes it a later release, with a newer version of one event.
    """

    service: str
    point: Point | None = None
    occurrence: int = 1
    mark: str = ""
    trouble: Trouble | None = None
    upgraded: bool = False

    def without_point(self) -> "Orders":
        """Return the orders for the next process, which is not to end there again."""
        return replace(self, point=None, occurrence=1)

    def environment(self) -> Mapping[str, str]:
        """Return the variables that say so."""
        return {
            SERVICE: self.service,
            OCCURRENCE: str(self.occurrence),
            MARK: self.mark,
            **({POINT: self.point.value} if self.point else {}),
            **({TROUBLE: self.trouble.value} if self.trouble else {}),
            **({UPGRADED: "yes"} if self.upgraded else {}),
        }


def given_orders() -> Orders:
    """Return the orders that this process was given."""
    point, trouble = os.getenv(POINT), os.getenv(TROUBLE)
    return Orders(
        service=os.getenv(SERVICE, ""),
        point=Point(point) if point else None,
        occurrence=int(os.getenv(OCCURRENCE, "1")),
        mark=os.getenv(MARK, ""),
        trouble=Trouble(trouble) if trouble else None,
        upgraded=bool(os.getenv(UPGRADED)),
    )
