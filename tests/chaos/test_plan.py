# SPDX-License-Identifier: Apache-2.0
from collections import Counter
from collections.abc import Callable, Sequence

import pytest

from tests.support.chaos.orders import Orders, Point, Trouble, given_orders
from tests.support.chaos.plan import (
    PLACES,
    ROUND,
    SERVER_FAULTS,
    SERVICES,
    UPGRADES,
    Action,
    Fault,
    full_plan,
    short_plan,
)

SEEDS = range(50)


@pytest.mark.parametrize("plan", [full_plan, short_plan])
def test_a_seed_always_gives_the_same_plan(plan: Callable[[int], Sequence[Fault]]) -> None:
    assert [plan(seed) for seed in SEEDS] == [plan(seed) for seed in SEEDS]
    assert len({tuple(map(str, plan(seed))) for seed in SEEDS}) > len(SEEDS) / 2


@pytest.mark.parametrize("seed", SEEDS)
def test_three_seeds_in_a_row_leave_nothing_out(seed: int) -> None:
    faults = [fault for each in range(seed, seed + ROUND) for fault in full_plan(each)]

    assert {fault.action for fault in faults} | set(UPGRADES) == set(Action)
    assert len([fault for fault in faults if fault.action in UPGRADES]) == 1
    assert {fault.point for fault in faults} == {*Point, None}
    assert {fault.trouble for fault in faults} == {*Trouble, None}
    assert {fault.service for fault in faults if fault.action is Action.KILL} == set(SERVICES)


@pytest.mark.parametrize("seed", SEEDS)
def test_every_seed_breaks_every_server_and_sends_what_no_handler_can_use(seed: int) -> None:
    actions = {fault.action for fault in full_plan(seed)}

    assert actions >= {*SERVER_FAULTS, Action.POISON, Action.RESEND, Action.KILL, Action.KILL_AT}


@pytest.mark.parametrize("seed", SEEDS)
def test_a_point_is_only_asked_of_a_service_that_passes_it(seed: int) -> None:
    for fault in full_plan(seed):
        if fault.point:
            assert fault.service in PLACES[fault.point]


def test_every_point_is_tried_in_every_service_over_enough_seeds() -> None:
    tried = Counter(
        (fault.point, fault.service) for seed in range(600) for fault in full_plan(seed)
    )

    assert all(tried[point, service] for point, places in PLACES.items() for service in places)


def test_orders_come_through_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    orders = Orders(
        service="audit",
        point=Point.MID_BATCH,
        occurrence=3,
        mark="a/file",
        trouble=Trouble.SLOW,
        upgraded=True,
    )
    for name, value in orders.environment().items():
        monkeypatch.setenv(name, value)

    assert given_orders() == orders


def test_without_orders_a_process_is_what_it_is_in_production() -> None:
    assert set(Orders(service="audit").environment()) == {
        "CHAOS_SERVICE",
        "CHAOS_OCCURRENCE",
        "CHAOS_MARK",
    }
