# SPDX-License-Identifier: Apache-2.0
import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.support.repository import ROOT, files, python_files

_MACHINE = re.compile(r"(?<![\w.])/(?:home|root|Users|work)/[a-z]")
_REGISTRY = re.compile(
    r"p[y]pi\.(?:org|io)|[p]ythonhosted|registry\.[n]pmjs|-{2}(?:extra-)?index-url[ =]"
)
_UNFINISHED = re.compile(r"#\s*(?:TO[D]O|FIX[M]E|X[X]X)\b|pytest\.(?:mark\.)?(?:sk[i]p|xf[a]il)\b")


def _lines(pattern: re.Pattern[str]) -> Iterator[str]:
    for path in files():
        for number, line in enumerate(path.read_text("utf-8", "replace").splitlines(), start=1):
            if pattern.search(line):
                yield f"{path.relative_to(ROOT)}:{number}"


def test_no_file_holds_a_path_of_somebodys_machine() -> None:
    assert list(_lines(_MACHINE)) == []


def test_no_file_names_the_host_of_a_package_registry() -> None:
    assert list(_lines(_REGISTRY)) == []


def test_nothing_is_left_unfinished_or_skipped() -> None:
    assert list(_lines(_UNFINISHED)) == []


def test_every_module_names_its_licence_first() -> None:
    first = "# SPDX-License-Identifier: Apache-2.0\n"

    assert [_name(path) for path in python_files() if not _starts_with(path, first)] == []


def _starts_with(path: Path, line: str) -> bool:
    with path.open(encoding="utf-8") as file:
        return file.readline() == line


def test_every_module_outside_the_tests_says_what_it_is() -> None:
    modules = python_files("services", "shared", "deploy")

    assert [_name(path) for path in modules if not ast.get_docstring(_tree(path))] == []


def test_packages_only_name_what_they_hold() -> None:
    """An ``__init__`` has a docstring, imports and ``__all__``: importing it runs nothing."""
    packages = [path for path in python_files("services", "shared") if path.name == "__init__.py"]

    assert [_name(path) for path in packages if not _is_quiet(_tree(path))] == []


def _is_quiet(tree: ast.Module) -> bool:
    return all(
        isinstance(node, ast.ImportFrom)
        or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
        or (isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__")
        for node in tree.body
    )


def test_no_module_hides_imports_from_the_program_that_runs() -> None:
    hidden = "TYPE_" + "CHECKING"

    assert [_name(path) for path in python_files() if hidden in path.read_text("utf-8")] == []


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))
