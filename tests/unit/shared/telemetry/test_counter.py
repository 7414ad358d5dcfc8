# SPDX-License-Identifier: Apache-2.0
from collections.abc import Callable
from threading import Thread

import pytest

from shared.telemetry import Telemetry
from shared.telemetry.counter import Counter
from shared.telemetry.definition import Definition

Configure = Callable[..., Telemetry]


@pytest.fixture
def retries() -> Counter:
    return Counter(
        Definition(
            name="retries_total", kind="counter", unit="", meaning="Retries.", labels=("group",)
        )
    )


def test_amounts_add_up_per_label_set(retries: Counter) -> None:
    retries.add(1, {"group": "a"})
    retries.add(2, {"group": "a"})
    retries.add(5, {"group": "b"})

    assert retries.total({"group": "a"}) == 3
    assert retries.total({"group": "b"}) == 5
    assert retries.total({"group": "c"}) == 0


def test_a_counter_never_falls(retries: Counter) -> None:
    with pytest.raises(ValueError, match="only grows"):
        retries.add(-1, {"group": "a"})


def test_adding_nothing_makes_a_series_visible(configure: Configure) -> None:
    telemetry = configure()

    telemetry.instruments.commit_failures.add(0, {"group": "g"})

    assert b'commit_failures_total{group="g"} 0.0' in telemetry.metrics_text()[0]


def test_no_addition_of_several_threads_is_lost(retries: Counter) -> None:
    def add() -> None:
        for _ in range(20_000):
            retries.add(1, {"group": "a"})

    threads = [Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert retries.total({"group": "a"}) == 80_000
