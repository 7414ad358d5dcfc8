# SPDX-License-Identifier: Apache-2.0
import pytest

from shared.errors import (
    AgentRuntimeError,
    ConfigurationError,
    ConflictError,
    DecodingError,
    DecodingProblem,
    DependencyDownError,
    PermanentError,
    TransientError,
    is_permanent,
)


@pytest.mark.parametrize(
    "error",
    [
        PermanentError("x"),
        ConfigurationError("x"),
        ConflictError("x"),
        DecodingError(DecodingProblem.JSON, "x"),
        ValueError("x"),
        KeyError("x"),
        TypeError("x"),
        ZeroDivisionError("x"),
        AttributeError("x"),
        NotImplementedError("x"),
    ],
)
def test_wrong_values_and_wrong_programs_are_permanent(error: Exception) -> None:
    assert is_permanent(error)


@pytest.mark.parametrize(
    "error",
    [
        TransientError("x"),
        DependencyDownError("Kafka", "x"),
        AgentRuntimeError("x"),
        OSError("x"),
        TimeoutError("x"),
        ConnectionResetError("x"),
        RuntimeError("x"),
    ],
)
def test_what_the_world_does_is_not(error: Exception) -> None:
    assert not is_permanent(error)


def test_a_server_that_is_down_is_named_with_the_reason() -> None:
    assert str(DependencyDownError("Redis", "refused")) == "Redis is down: refused"
