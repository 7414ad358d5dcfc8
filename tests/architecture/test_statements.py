# SPDX-License-Identifier: Apache-2.0
"""How statements are made."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.support.repository import ROOT

SUBQUERIES = {"free", "hashed", "old", "restored"}
"""Names of what is no list, but a part of the statement."""

BOUNDED = {
    ("services/dead_letters/store/letter_queries.py", "filters.id"): "refused over 100",
    ("services/dead_letters/store/job_queries.py", "outcomes"): "those that there are",
    ("services/orchestrator/store/client_calls.py", "not_done"): "states",
    ("shared/attempts/postgres.py", "sorted(places)"): "partitions that this process was given",
    ("shared/outbox/leases.py", "kept"): "shards that this process holds",
}
"""Lists of which somebody has said why they stay short."""


def lists(path: Path) -> Iterator[str]:
    """Give what is looked for as one parameter for each value."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        if node.func.attr in {"in_", "not_in"}:
            yield ast.unparse(node.args[0])


def is_constant(argument: str) -> bool:
    return argument.startswith("(") or argument.lstrip("_").isupper()


def test_lists_of_any_length_are_one_parameter() -> None:
    """PostgreSQL takes 32,767 parameters: use ``among``, or say in ``BOUNDED`` why it is short."""
    found = {
        (str(path.relative_to(ROOT)), each)
        for folder in ("services", "shared", "deploy")
        for path in (ROOT / folder).rglob("*.py")
        for each in lists(path)
        if not is_constant(each) and each not in SUBQUERIES
    }

    assert found == set(BOUNDED)
