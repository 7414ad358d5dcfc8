# SPDX-License-Identifier: Apache-2.0
"""What is broken, where and in which order: decided by a seed alone."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from tests.support.chaos.orders import Point, Trouble

CONSUMERS = ("orchestrator", "persistence", "audit", "metrics", "agent_context")
SERVICES = (*CONSUMERS, "dead_letters")
WITH_DATABASE = ("orchestrator", "persistence", "audit", "dead_letters")

PLACES: dict[Point, tuple[str, ...]] = {
    Point.AFTER_EFFECT_BEFORE_COMMIT: SERVICES,
    Point.AFTER_DEAD_LETTER_BEFORE_COMMIT: tuple(set(CONSUMERS) - {"audit"}),
    Point.MID_BATCH: ("persistence", "audit", "metrics", "agent_context"),
    Point.DURING_REBALANCE: CONSUMERS,
    Point.BEFORE_DATABASE_COMMIT: WITH_DATABASE,
    Point.AFTER_DATABASE_COMMIT: WITH_DATABASE,
    Point.BEFORE_PUBLISH: ("orchestrator",),
    Point.AFTER_PUBLISH_BEFORE_MARKING: ("orchestrator",),
    Point.AFTER_TOOL_BEFORE_RECORDING: ("orchestrator",),
}
"""The services in which each point is passed."""


class Action(StrEnum):
    """What can be done to the system."""

    KILL = "kill -9"
    KILL_AT = "kill -9 at"
    RESTART = "restart in order"
    JOIN_AND_LEAVE = "one more replica comes and goes"
    TROUBLE = "handlers"
    STOP_BROKER = "stop and start the broker"
    STOP_POSTGRES = "stop and start PostgreSQL"
    CRASH_POSTGRES = "kill -9 PostgreSQL"
    STOP_VALKEY = "stop and start Valkey"
    FLUSH_VALKEY = "flush Valkey"
    POISON = "poison of every kind"
    RESEND = "send records again, out of order"
    UPGRADE_READERS_FIRST = "rolling upgrade, readers first"
    UPGRADE_WRITER_FIRST = "rolling upgrade, writer first"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that is done; which of the fields count depends on the action."""

    action: Action
    service: str = ""
    replica: int = 0
    point: Point | None = None
    occurrence: int = 1
    trouble: Trouble | None = None

    def __str__(self) -> str:
        where = f"{self.service}-{self.replica + 1}" if self.service else ""
        detail = self.point or self.trouble or ""
        return " ".join(filter(None, (self.action, detail and f"{detail}:", where)))


SERVER_FAULTS = (
    Action.STOP_BROKER,
    Action.STOP_POSTGRES,
    Action.CRASH_POSTGRES,
    Action.STOP_VALKEY,
    Action.FLUSH_VALKEY,
)


UPGRADES = (Action.UPGRADE_READERS_FIRST, Action.UPGRADE_WRITER_FIRST)
"""The order of a rolling upgrade; audit comes first in both, as it cannot be told again."""

MOVEMENTS = (Action.JOIN_AND_LEAVE, Action.RESTART, UPGRADES[0])
"""How members come and go in order; an upgrade is in either order."""

T = TypeVar("T")


ROUND = 3
"""How many seeds in a row it takes to break everything; what is quick is in each of them."""


def full_plan(seed: int) -> Sequence[Fault]:
    """Return a plan whose faults, their places and their order the seed decides.

    Every plan breaks every server, sends poison, and sends records again. Of the points, the kills
    of each service, the troubles, and the ways in which members come and go, each plan has a third;
    any three seeds in a row have them all.
    """
    rng = random.Random(seed)  # noqa: S311 -- it has to be repeatable
    faults = [Fault(action=action) for action in SERVER_FAULTS]
    faults += [_at(point, rng) for point in _third(tuple(Point), seed)]
    faults += [_somewhere(Action.KILL, rng, service) for service in _third(SERVICES, seed)]
    faults += [_trouble(trouble, rng) for trouble in _third(tuple(Trouble), seed)]
    faults += [_movement(action, rng) for action in _third(MOVEMENTS, seed)]
    faults += [Fault(action=Action.POISON), Fault(action=Action.RESEND)]
    rng.shuffle(faults)
    return faults


def _third(kinds: Sequence[T], seed: int) -> Sequence[T]:
    return kinds[seed % ROUND :: ROUND]


def short_plan(seed: int) -> Sequence[Fault]:
    """Return a plan with a fault of each sort, for a run of a few seconds."""
    rng = random.Random(seed)  # noqa: S311 -- as above
    points = [Point.MID_BATCH, Point.AFTER_EFFECT_BEFORE_COMMIT, Point.BEFORE_DATABASE_COMMIT]
    faults = [
        Fault(action=Action.POISON),
        Fault(action=Action.RESEND),
        Fault(action=rng.choice((Action.STOP_BROKER, Action.STOP_POSTGRES, Action.FLUSH_VALKEY))),
        _at(rng.choice(points), rng),
        _somewhere(Action.KILL, rng, "orchestrator"),
    ]
    rng.shuffle(faults)
    return [*faults, Fault(action=Action.UPGRADE_READERS_FIRST)]


def _at(point: Point, rng: random.Random) -> Fault:
    often = point in {Point.BEFORE_DATABASE_COMMIT, Point.AFTER_DATABASE_COMMIT}
    return Fault(
        action=Action.KILL_AT,
        service=rng.choice(sorted(PLACES[point])),
        replica=rng.randrange(2),
        point=point,
        occurrence=rng.randint(1, 20) if often else rng.randint(1, 3),
    )


def _somewhere(action: Action, rng: random.Random, service: str = "") -> Fault:
    service = service or rng.choice(CONSUMERS)
    return Fault(action=action, service=service, replica=rng.randrange(2))


def _movement(action: Action, rng: random.Random) -> Fault:
    if action in UPGRADES:
        return Fault(action=rng.choice(UPGRADES))
    return _somewhere(action, rng)


def _trouble(trouble: Trouble, rng: random.Random) -> Fault:
    return Fault(
        action=Action.TROUBLE,
        service=rng.choice(("persistence", "audit", "metrics", "agent_context")),
        replica=rng.randrange(2),
        trouble=trouble,
    )
