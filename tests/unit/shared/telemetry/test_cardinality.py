# SPDX-License-Identifier: Apache-2.0
import re
from collections.abc import Callable

import pytest

from shared.telemetry import Telemetry
from shared.telemetry.cardinality import LabelGuard

Configure = Callable[..., Telemetry]


def test_values_within_the_limit_are_kept() -> None:
    guard = LabelGuard("m", ("model", "direction"), max_values=2)

    assert guard.key({"direction": "input", "model": "a"}) == ("a", "input")
    assert guard.key({"model": "b", "direction": "output"}) == ("b", "output")


def test_values_beyond_the_limit_become_other_and_leave_other_labels_alone() -> None:
    guard = LabelGuard("m", ("model", "direction"), max_values=2)
    for model in ("a", "b"):
        guard.key({"model": model, "direction": "input"})

    assert guard.key({"model": "c", "direction": "output"}) == ("other", "output")
    assert guard.key({"model": "a", "direction": "output"}) == ("a", "output")


def test_combinations_beyond_the_limit_become_other_altogether() -> None:
    guard = LabelGuard("m", ("from_agent", "to_agent"), max_series=3)

    keys = {
        guard.key({"from_agent": source, "to_agent": target})
        for source in "abcde"
        for target in "abcde"
    }

    assert len(keys) == 4
    assert ("other", "other") in keys


def test_a_long_value_is_cut() -> None:
    assert LabelGuard("m", ("tool",)).key({"tool": "x" * 10_000}) == ("x" * 120,)


@pytest.mark.parametrize("labels", [{}, {"group": "g"}, {"tool": "t", "group": "g"}])
def test_labels_that_were_not_declared_are_a_mistake(labels: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"m has the labels \('tool',\)"):
        LabelGuard("m", ("tool",)).key(labels)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def test_ten_thousand_values_of_a_label_are_a_hundred_series(configure: Configure) -> None:
    """P18: Safeguard: the number of values of a label."""
    telemetry = configure()
    instruments = telemetry.instruments

    for number in range(10_000):
        name = f"session-{number}"
        instruments.dlq_messages.add(1, {"group": name, "error_kind": "poison"})
        instruments.dlq_fingerprints.set(number, {"group": name})
        instruments.consumer_batch_duration.record(0.1, {"group": name})

    for metric in (
        "dlq_messages_total",
        "dlq_fingerprints",
        "consumer_batch_duration_seconds_count",
    ):
        assert len(_series(telemetry, metric)) == 101
    assert sum(_series(telemetry, "dlq_messages_total")) == 10_000
    assert instruments.dlq_messages.total({"group": "other", "error_kind": "poison"}) == 9_900


def test_ten_thousand_combinations_are_two_thousand_series(configure: Configure) -> None:
    """P18: Safeguard: the number of series of a metric."""
    telemetry = configure()

    for source in range(100):
        for target in range(100):
            telemetry.instruments.dlq_messages.add(
                1, {"group": f"group-{source}", "error_kind": f"kind-{target}"}
            )

    assert len(_series(telemetry, "dlq_messages_total")) == 2001
    assert sum(_series(telemetry, "dlq_messages_total")) == 10_000


def _series(telemetry: Telemetry, metric: str) -> list[float]:
    text = telemetry.metrics_text()[0].decode()
    values = re.findall(rf"^agent_runtime_{metric}{{.*}} (\S+)$", text, re.MULTILINE)
    return [float(value) for value in values]
