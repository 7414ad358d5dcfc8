# SPDX-License-Identifier: Apache-2.0
from services.agentctl.commands.connection import connect
from services.agentctl.commands.letter_fates import Fate, Fates
from services.agentctl.commands.letter_pace import Pace
from tests.support.http_answers import HttpAnswers


class FakeTime:
    """Time that passes only where somebody sleeps."""

    def __init__(self) -> None:
        self.passed = 0.0
        self.naps: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.passed += seconds
        self.naps.append(seconds)

    def now(self) -> float:
        return self.passed


def test_no_more_letters_go_out_in_a_second_than_allowed() -> None:
    """Fails if the rate were not held."""
    time = FakeTime()
    pace = Pace(4, sleep=time.sleep, now=time.now)

    for _ in range(9):
        pace.wait()

    assert time.passed == 2.0


def test_a_pause_is_not_made_up_for_by_a_burst() -> None:
    time = FakeTime()
    pace = Pace(4, sleep=time.sleep, now=time.now)
    pace.wait()
    time.passed = 100.0

    pace.wait()
    pace.wait()

    assert time.naps == [0.25]


def test_without_a_rate_nobody_waits() -> None:
    time = FakeTime()

    Pace(None, sleep=time.sleep, now=time.now).wait()

    assert time.naps == []


def test_the_wait_for_what_comes_back_has_an_end(services: HttpAnswers) -> None:
    services.on("GET /dead_letters/v1/dead-letters", {"items": [], "next": None})
    time = FakeTime()

    with connect() as desk:
        fates = Fates(services=desk, wait=3, sleep=time.sleep, now=time.now)
        fate = fates.await_all({"a": "b"}, enough=1)

    assert (fate, time.passed) == (Fate(), 3.0)
