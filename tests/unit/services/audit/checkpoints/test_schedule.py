# SPDX-License-Identifier: Apache-2.0
from collections.abc import Callable
from datetime import timedelta

from opentelemetry.metrics import NoOpMeterProvider

from services.audit.checkpoints.schedule import CheckpointSchedule
from services.audit.transparency import Checkpoint, VerificationError
from shared.errors import DependencyDownError
from shared.telemetry import Instruments
from tests.support.eventually import eventually

Hook = Callable[[], None]


class Signer:
    """Signs nothing, and notes what it was asked to sign; ``meanwhile`` happens while it signs."""

    def __init__(self, *, before_the_start: set[int] | None = None) -> None:
        self.before_the_start = before_the_start or set()
        self.signed = list[int]()
        self.is_down = False
        self.contradiction = False
        self.meanwhile: Hook = lambda: None

    async def unsigned(self) -> set[int]:
        return self.before_the_start

    async def sign(self, log_id: int) -> Checkpoint:
        if self.is_down:
            raise DependencyDownError("PostgreSQL", "no answer")
        if self.contradiction:
            raise VerificationError("it does not extend what was signed")
        self.signed.append(log_id)
        self.meanwhile()
        return Checkpoint(origin=f"log {log_id}", size=len(self.signed), root=bytes(32))


def schedule_of(signer: Signer, *, seconds: float = 0.001) -> CheckpointSchedule:
    return CheckpointSchedule(
        signer, interval=timedelta(seconds=seconds), instruments=instruments()
    )


def instruments() -> Instruments:
    return Instruments(NoOpMeterProvider().get_meter("test"))


async def test_a_log_that_grows_while_it_is_signed_is_signed_again() -> None:
    signer = Signer()
    schedule = schedule_of(signer)

    def grow_once() -> None:
        signer.meanwhile = lambda: None
        schedule.grown([7])

    signer.meanwhile = grow_once
    await schedule.start()
    schedule.grown([7])

    await eventually(lambda: len(signer.signed) == 2)
    await schedule.stop()

    assert signer.signed == [7, 7]


async def test_batches_within_the_interval_make_one_checkpoint() -> None:
    signer = Signer()
    schedule = schedule_of(signer, seconds=3600)
    await schedule.start()
    schedule.grown([7])
    await eventually(lambda: signer.signed == [7])

    for _ in range(5):
        schedule.grown([7, 8])
    await schedule.stop()

    assert signer.signed == [7, 7, 8]


async def test_a_log_that_did_not_grow_is_not_signed() -> None:
    signer = Signer(before_the_start={3})
    schedule = schedule_of(signer)

    await schedule.start()
    await eventually(lambda: signer.signed == [3])
    await schedule.stop()

    assert signer.signed == [3]


async def test_checkpoints_wait_for_a_database_that_is_down() -> None:
    signer = Signer()
    signer.is_down = True
    schedule = schedule_of(signer)
    await schedule.start()
    schedule.grown([7])

    async def says_why() -> bool:
        return "PostgreSQL is down" in (await schedule.readiness()).reason

    await eventually(says_why)
    signer.is_down = False

    await eventually(lambda: signer.signed == [7])
    assert (await schedule.readiness()).ready
    await schedule.stop()


async def test_a_refused_log_is_counted_once_and_keeps_the_service_from_being_ready() -> None:
    signer, shown = Signer(), instruments()
    signer.contradiction = True
    schedule = CheckpointSchedule(signer, interval=timedelta(milliseconds=1), instruments=shown)
    await schedule.start()

    async def is_refused() -> bool:
        schedule.grown([7])
        return not (await schedule.readiness()).ready

    await eventually(is_refused)
    await eventually(lambda: shown.audit_verify_failures.total({"check": "consistency"}))
    assert "log 7 is not signed" in (await schedule.readiness()).reason
    signer.contradiction = False

    async def is_signed() -> bool:
        schedule.grown([7])
        return (await schedule.readiness()).ready

    await eventually(is_signed)
    await schedule.stop()
    assert shown.audit_verify_failures.total({"check": "consistency"}) == 1


async def test_what_was_signed_is_shown_in_the_metrics() -> None:
    signer, shown = Signer(before_the_start={7}), instruments()
    schedule = CheckpointSchedule(signer, interval=timedelta(seconds=1), instruments=shown)

    await schedule.start()
    await eventually(lambda: shown.audit_tree_size.value({"log": "log 7"}) == 1)
    await schedule.stop()

    age = shown.audit_checkpoint_age.value({"log": "log 7"})
    assert age is not None
    assert age >= 0
