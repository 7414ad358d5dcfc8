# SPDX-License-Identifier: Apache-2.0
from pathlib import Path

import pytest

from deploy.compose.env_file import CLUSTER_ID, SECRETS, complete

EVERYTHING = [*SECRETS, CLUSTER_ID]


def values(path: Path) -> dict[str, str]:
    lines = [line for line in path.read_text().splitlines() if line and not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)


def test_every_secret_is_new_and_different(tmp_path: Path) -> None:
    assert complete(tmp_path / "one") == EVERYTHING
    complete(tmp_path / "other")

    made = [*values(tmp_path / "one").values(), *values(tmp_path / "other").values()]
    assert len(set(made)) == 2 * len(EVERYTHING)
    assert min(len(value) for value in made) >= 22


def test_nobody_else_may_read_the_file(tmp_path: Path) -> None:
    """Holds the mode, also of a file that was there and could be read by all."""
    path = tmp_path / ".env"
    path.touch(mode=0o644)

    complete(path)

    assert path.stat().st_mode & 0o777 == 0o600


def test_what_is_there_stays_and_what_is_missing_is_added(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("AGENT_MODEL=openai:gpt-5\nexport VALKEY_PASSWORD=mine")

    added = complete(path)

    assert "VALKEY_PASSWORD" not in added
    assert path.read_text().startswith("AGENT_MODEL=openai:gpt-5\nexport VALKEY_PASSWORD=mine\n")
    assert set(added) <= set(values(path))


def test_an_empty_value_counts_as_missing(tmp_path: Path) -> None:
    """Compose refuses an empty secret as it refuses none; the last line of a name counts."""
    path = tmp_path / ".env"
    path.write_text("VALKEY_PASSWORD=\n")

    assert "VALKEY_PASSWORD" in complete(path)
    assert values(path)["VALKEY_PASSWORD"]


def test_a_second_time_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    complete(path)
    first = path.read_bytes()

    assert complete(path) == []
    assert path.read_bytes() == first


def test_a_cluster_id_is_one_that_kafka_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kafka's tools would take a leading hyphen for an option."""
    made = iter([b"\xfb" + bytes(15), bytes(16)])

    def token_bytes(size: int) -> bytes:
        return next(made) if size == 16 else bytes(size)

    monkeypatch.setattr("deploy.compose.env_file.secrets.token_bytes", token_bytes)

    complete(tmp_path / ".env")

    assert values(tmp_path / ".env")[CLUSTER_ID] == "A" * 22
