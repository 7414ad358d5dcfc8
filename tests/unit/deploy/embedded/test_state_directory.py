# SPDX-License-Identifier: Apache-2.0
from pathlib import Path

import pytest

from deploy.embedded.addresses import StackAddresses
from deploy.embedded.errors import StateDirectoryError
from deploy.embedded.state_directory import StateDirectory


@pytest.fixture
def addresses(tmp_path: Path) -> StackAddresses:
    return StackAddresses(
        pid=4711,
        kafka_bootstrap_servers="127.0.0.1:9092",
        kafka_topic_prefix="agent-runtime",
        database_urls={"postgres": "postgresql://postgres:secret@127.0.0.1:5432/agent_runtime"},
        redis_url="redis://:secret@127.0.0.1:6379/0",
        services={"audit": "http://127.0.0.1:8002"},
        state_dir=tmp_path,
    )


def test_one_stack_at_a_time(tmp_path: Path, addresses: StackAddresses) -> None:
    first, second = StateDirectory(tmp_path), StateDirectory(tmp_path)
    first.claim()
    addresses.write(first.stack_file)

    with pytest.raises(StateDirectoryError, match=r"running in .* already \(process 4711\): stop"):
        second.claim()

    first.release()
    second.claim()
    second.release()


def test_a_refused_claim_leaves_the_logs_of_the_running_stack_alone(tmp_path: Path) -> None:
    first, second = StateDirectory(tmp_path), StateDirectory(tmp_path)
    first.claim()
    log = first.logs / "audit.log"
    log.write_text("running")

    with pytest.raises(StateDirectoryError):
        second.claim()

    assert log.read_text() == "running"
    first.release()


def test_the_addresses_of_a_running_stack_are_found(
    tmp_path: Path, addresses: StackAddresses
) -> None:
    running = StateDirectory(tmp_path)
    running.claim()
    addresses.write(running.stack_file)

    assert StateDirectory(tmp_path).running_stack() == addresses
    running.release()


def test_a_stack_that_ended_is_not_running(tmp_path: Path, addresses: StackAddresses) -> None:
    ended = StateDirectory(tmp_path)
    ended.claim()
    addresses.write(ended.stack_file)
    ended.release()

    with pytest.raises(StateDirectoryError, match=r"no stack is running in .*: start one with"):
        StateDirectory(tmp_path).running_stack()


def test_a_stack_that_was_killed_is_not_running(tmp_path: Path, addresses: StackAddresses) -> None:
    killed = StateDirectory(tmp_path)
    killed.claim()
    killed.release()
    addresses.write(killed.stack_file)  # as if it had not come to remove it

    with pytest.raises(StateDirectoryError, match="no stack is running"):
        StateDirectory(tmp_path).running_stack()


def test_only_its_owner_can_look_inside(tmp_path: Path, addresses: StackAddresses) -> None:
    state = StateDirectory(tmp_path / "state")
    state.claim()
    addresses.write(state.stack_file)

    assert state.path.stat().st_mode & 0o777 == 0o700
    assert state.stack_file.stat().st_mode & 0o777 == 0o600
    state.release()


def test_git_does_not_see_it(tmp_path: Path) -> None:
    state = StateDirectory(tmp_path / "state")
    state.claim()

    assert (state.path / ".gitignore").read_text() == "*\n"
    state.release()


def test_a_directory_that_cannot_be_made_is_a_line_that_says_what_to_do(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()

    with pytest.raises(StateDirectoryError, match=r"cannot use .*; choose another --state-dir"):
        StateDirectory(file / "state").claim()


def test_what_may_be_printed_has_no_password(addresses: StackAddresses) -> None:
    assert "secret" not in str(addresses.without_secrets())
    assert addresses.without_secrets()["services"] == {"audit": "http://127.0.0.1:8002"}
