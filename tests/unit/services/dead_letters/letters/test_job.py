# SPDX-License-Identifier: Apache-2.0
import pytest

from services.dead_letters.letters.job import Fates, JobKind, Progress, Step


def progress(done: int, judged: int, *, kind: JobKind = JobKind.REDRIVE) -> Progress:
    return Progress(kind=kind, letters=5, done=done, judged=judged, batch=2)


@pytest.mark.parametrize(
    ("done", "judged", "step"),
    [
        (0, 0, Step.ACT),
        (1, 0, Step.ACT),
        (2, 0, Step.JUDGE),
        (2, 2, Step.ACT),
        (3, 2, Step.ACT),
        (4, 2, Step.JUDGE),
        (5, 4, Step.JUDGE),
        (5, 5, Step.COMPLETE),
    ],
)
def test_after_each_batch_and_at_the_end_a_redrive_is_judged(
    done: int, judged: int, step: Step
) -> None:
    assert progress(done, judged).next_step is step


@pytest.mark.parametrize(
    ("done", "step"), [(0, Step.ACT), (2, Step.ACT), (4, Step.ACT), (5, Step.COMPLETE)]
)
def test_nothing_comes_back_of_what_is_discarded(done: int, step: Step) -> None:
    assert progress(done, 0, kind=JobKind.DISCARD).next_step is step


def test_a_job_without_letters_is_complete() -> None:
    nothing = Progress(kind=JobKind.REDRIVE, letters=0, done=0, judged=0, batch=2)

    assert nothing.next_step is Step.COMPLETE


@pytest.mark.parametrize(
    ("came_back", "share", "stops"),
    [(0, 0, False), (1, 0, True), (2, 0.5, False), (3, 0.5, True), (4, 1, False)],
)
def test_more_than_the_share_is_too_many(came_back: int, share: float, stops: bool) -> None:
    fates = Fates(sent=4, handled=0, came_back=came_back)

    assert fates.too_many(share=share) is stops


@pytest.mark.parametrize(
    ("handled", "came_back", "share", "waits"),
    [
        (0, 0, 0.5, True),
        (1, 1, 0.5, True),
        (2, 0, 0.5, False),  # the two others cannot be more than half
        (0, 3, 0.5, False),  # there are too many already
        (4, 0, 0.5, False),
        (0, 0, 1, False),
    ],
)
def test_it_is_waited_only_while_there_may_be_too_many(
    handled: int, came_back: int, share: float, waits: bool
) -> None:
    """Fails if a job waited for what does not change whether it stops."""
    fates = Fates(sent=4, handled=handled, came_back=came_back)

    assert fates.may_be_too_many(share=share) is waits
