# SPDX-License-Identifier: Apache-2.0
"""What the image of the services promises, held without a Docker engine."""

import re

from tests.support.repository import ROOT

DOCKERFILE = (ROOT / "deploy/Dockerfile").read_text("utf-8")
STAGES = re.split(r"^(?=FROM )", DOCKERFILE, flags=re.MULTILINE)[1:]
FINAL = STAGES[-1]


def test_the_image_is_built_in_one_stage_and_run_in_another_of_the_same_base() -> None:
    bases = {stage.split()[1] for stage in STAGES}

    assert len(STAGES) == 2
    assert bases == {"python:3.13-slim"}


def test_every_dependency_is_one_whose_hash_is_locked() -> None:
    installs: list[str] = re.findall(r"pip install (.*)", DOCKERFILE)
    from_locks = [each for each in installs if "-r /locks/" in each]
    others = [each for each in installs if each not in from_locks]

    assert len(from_locks) == 2
    assert all("--require-hashes --no-deps --only-binary :all:" in each for each in from_locks)
    assert [each.split(" \\")[0] for each in others] == ["--no-deps /wheels/*.whl"]


def test_the_image_runs_as_nobody_in_particular() -> None:
    users: list[str] = re.findall(r"^USER (\d+):(\d+)$", FINAL, re.MULTILINE)

    assert users
    assert all(int(number) >= 10_000 for number in users[-1])
    assert FINAL.index("USER") > FINAL.index("RUN mkdir")


def test_signals_reach_the_program_and_not_a_shell() -> None:
    started: list[str] = re.findall(r"^(?:CMD|ENTRYPOINT) (.*)$", FINAL, re.MULTILINE)

    assert started
    assert all(each.startswith('["') for each in started)


def test_nothing_of_a_checkout_gets_into_the_image_unless_it_is_named() -> None:
    lines = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    allowed = {rule[1:] for rule in rules if rule.startswith("!")}

    assert rules[0] == "*"
    assert allowed == {"pyproject.toml", "README.md", "LICENSE", "requirements.lock"} | {
        "shared",
        "services",
        "deploy",
    }
