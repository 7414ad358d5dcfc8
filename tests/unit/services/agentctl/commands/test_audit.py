# SPDX-License-Identifier: Apache-2.0
import pytest

from services.audit.api.log_views import Log, LogVerdict, VerificationReport
from tests.support.agentctl import Agentctl
from tests.support.http_answers import HttpAnswers

CLUSTER = "01a2033a-46c9-7346-a596-084c3d822307"
ORIGIN = f"agent-runtime/{CLUSTER}/agent-runtime.infrastructure/0"
NOTE = "origin\n42\nhash=\n\n— audit signature\n"


def report(*, ok: bool) -> object:
    verdict = LogVerdict(
        origin=ORIGIN,
        ok=ok,
        sound=42 if ok else 16,
        proven=42,
        erased=0,
        problem=None if ok else "entry 17 is not what was logged",
        first_bad_index=None if ok else 17,
        last_bad_index=None if ok else 17,
    )
    return VerificationReport(ok=ok, logs=[verdict]).model_dump(mode="json")


def log(number: int, *, signed: int) -> object:
    return Log(
        id=number,
        origin=ORIGIN,
        entries=42,
        first_offset=0,
        last_offset=41,
        missing=0,
        rewritten=0,
        signed_entries=signed,
        signed_at=None,
        verifier_key="key",
    ).model_dump(mode="json")


def test_a_sound_trail_lets_the_command_succeed(agentctl: Agentctl, services: HttpAnswers) -> None:
    services.on("POST /audit/v1/verify", report(ok=True))

    outcome = agentctl("audit", "verify", "--log", "3")

    assert (outcome.code, outcome.err) == (0, "")
    assert "agent-runtime.infrastructure/0  084c3d822307  yes" in outcome.out
    assert "all sound" in outcome.out
    assert outcome.widest <= 100
    assert services.asked[0].body == {"log": 3}


@pytest.mark.parametrize("arguments", [(), ("--json",)])
def test_a_broken_trail_makes_the_command_fail(
    agentctl: Agentctl, services: HttpAnswers, arguments: tuple[str, ...]
) -> None:
    services.on("POST /audit/v1/verify", report(ok=False))

    outcome = agentctl("audit", "verify", *arguments)

    assert outcome.code == 1
    assert "entry 17 is not what was logged" in " ".join(outcome.out.split())


def test_the_checkpoint_of_a_log_is_printed_as_it_was_signed(
    agentctl: Agentctl, services: HttpAnswers
) -> None:
    services.on("GET /audit/v1/logs/3/checkpoint", NOTE)

    assert agentctl("audit", "checkpoint", "3").out == f"{NOTE}\n"
    assert agentctl("audit", "checkpoint", "3", "--json").data == [{"log": 3, "checkpoint": NOTE}]


def test_without_a_log_the_checkpoints_of_all_signed_ones_are_printed(
    agentctl: Agentctl, services: HttpAnswers
) -> None:
    services.on("GET /audit/v1/logs", [log(1, signed=42), log(2, signed=0)])
    services.on("GET /audit/v1/logs/1/checkpoint", NOTE)

    assert agentctl("audit", "checkpoint").out == f"{NOTE}\n"
