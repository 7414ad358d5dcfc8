# SPDX-License-Identifier: Apache-2.0
from shared.errors import DependencyDownError
from shared.messaging.pause import Pause

POSTGRES = DependencyDownError("PostgreSQL", "refused")
REDIS = DependencyDownError("Redis", "refused")


def noting() -> tuple[Pause, list[tuple[str, bool]]]:
    changes: list[tuple[str, bool]] = []
    return Pause(lambda name, waits: changes.append((name, waits))), changes


def test_a_pause_lasts_until_the_last_worker_goes_on() -> None:
    pause, changes = noting()

    pause.begin("one", POSTGRES)
    pause.begin("two", POSTGRES)
    pause.end("one")
    while_one_waits = pause.reason
    pause.end("two")

    assert while_one_waits == "PostgreSQL is down: refused"
    assert pause.reason is None
    assert changes == [("PostgreSQL", True), ("PostgreSQL", False)]


def test_probing_again_is_the_same_pause() -> None:
    pause, changes = noting()

    for _ in range(3):
        pause.begin("one", POSTGRES)

    assert pause.count == 1
    assert changes == [("PostgreSQL", True)]


def test_a_worker_that_now_waits_for_another_server_waits_for_the_first_no_longer() -> None:
    pause, changes = noting()

    pause.begin("one", POSTGRES)
    pause.begin("one", REDIS)
    pause.end("one")

    assert changes == [
        ("PostgreSQL", True),
        ("PostgreSQL", False),
        ("Redis", True),
        ("Redis", False),
    ]


def test_the_end_of_a_worker_that_never_waited_changes_nothing() -> None:
    pause, changes = noting()

    pause.end("one")

    assert changes == []
