# SPDX-License-Identifier: Apache-2.0
import re

from tests.support.repository import ROOT

VERSIONS = ROOT / "deploy" / "migrations" / "versions"


def test_migrations_are_one_chain_without_a_fork() -> None:
    """Two with one number, written side by side, would leave no schema that can be made."""
    chain = {
        path.name: re.findall(r'^(?:down_)?revision = "?(\w+)"?', path.read_text(), re.MULTILINE)
        for path in sorted(VERSIONS.glob("[0-9]*.py"))
    }

    numbers = [f"{number:04}" for number in range(1, len(chain) + 1)]
    before: list[str] = ["None", *numbers]
    assert [name[:4] for name in chain] == numbers
    assert list(chain.values()) == [
        [own, previous] for own, previous in zip(numbers, before, strict=False)
    ]
