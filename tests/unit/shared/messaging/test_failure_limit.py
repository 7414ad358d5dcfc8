# SPDX-License-Identifier: Apache-2.0
from shared.messaging.failure_limit import FailureLimit


def test_failures_in_a_row_reach_the_limit() -> None:
    limit = FailureLimit(in_a_row=3, share=1, window=100)

    said = [limit.failed() for _ in range(3)]

    assert said == [None, None, "3 records in a row failed"]


def test_what_is_applied_between_ends_the_row() -> None:
    limit = FailureLimit(in_a_row=3, share=1, window=100)

    for _ in range(10):
        assert limit.failed() is None
        assert limit.failed() is None
        limit.applied()


def test_a_share_of_the_latest_records_reaches_the_limit_once_the_window_is_full() -> None:
    limit = FailureLimit(in_a_row=0, share=0.5, window=10)

    said: list[str | None] = []
    for _ in range(5):
        limit.applied()
        said.append(limit.failed())

    assert said == [None, None, None, None, "5 of the last 10 records failed"]


def test_old_failures_leave_the_window() -> None:
    limit = FailureLimit(in_a_row=0, share=0.5, window=10)
    for _ in range(4):
        limit.failed()

    limit.applied(8)

    said = [limit.failed() for _ in range(5)]
    assert said == [None, None, None, None, "5 of the last 10 records failed"]


def test_a_batch_larger_than_the_window_fills_it() -> None:
    limit = FailureLimit(in_a_row=0, share=0.5, window=10)
    for _ in range(9):
        limit.failed()

    limit.applied(1000)

    assert [limit.failed() for _ in range(4)] == [None] * 4


def test_zero_in_a_row_and_the_whole_share_are_no_limit() -> None:
    limit = FailureLimit(in_a_row=0, share=1, window=10)

    assert [limit.failed() for _ in range(100)] == [None] * 100
