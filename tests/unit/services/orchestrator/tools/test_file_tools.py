# SPDX-License-Identifier: Apache-2.0
"""list_files, read_file, write_file: what models see of them."""

from dataclasses import replace

import pytest

from services.orchestrator.tools.errors import ToolError
from services.orchestrator.tools.execution import execute
from services.orchestrator.tools.list_files import LIST_FILES
from services.orchestrator.tools.read_file import READ_FILE
from services.orchestrator.tools.tool import Tool, ToolContext, ToolResult
from services.orchestrator.tools.write_file import WRITE_FILE


async def call(tool: Tool, context: ToolContext, **arguments: object) -> ToolResult:
    return await execute(tool, tool.validate(arguments), context)


async def test_a_written_file_is_listed_and_read(context: ToolContext) -> None:
    written = await call(WRITE_FILE, context, path="./notes//a.txt", content="one\ntwo\n")
    listed = await call(LIST_FILES, context)
    read = await call(READ_FILE, context, path="notes/a.txt")

    assert written.content == "wrote notes/a.txt (8 bytes)"
    assert listed.content == "notes/\nnotes/a.txt (8 bytes)"
    assert read == ToolResult(content="one\ntwo\n")


async def test_writing_twice_says_and_does_the_same(context: ToolContext) -> None:
    first = await call(WRITE_FILE, context, path="a.txt", content="x")
    second = await call(WRITE_FILE, context, path="a.txt", content="x")

    assert first == second


async def test_an_empty_workspace_says_so(context: ToolContext) -> None:
    assert (await call(LIST_FILES, context)).content == "(no files)"


async def test_a_long_listing_says_that_it_is_cut(context: ToolContext) -> None:
    for number in range(11):
        await call(WRITE_FILE, context, path=f"{number:02}", content="")

    listed = await call(LIST_FILES, context)

    assert listed.truncated
    assert listed.content.endswith("(only the first 10 are shown; name a directory)")


async def test_lines_are_read_in_parts(context: ToolContext) -> None:
    await call(WRITE_FILE, context, path="a.txt", content="1\n2\n3\n4\n")

    middle = await call(READ_FILE, context, path="a.txt", first_line=2, max_lines=2)
    end = await call(READ_FILE, context, path="a.txt", first_line=3, max_lines=2)

    assert middle == ToolResult(content="2\n3\n\n(lines 4 to 4 are left out)", truncated=True)
    assert end == ToolResult(content="3\n4\n")


async def test_a_line_end_of_another_system_stays_as_it_is(context: ToolContext) -> None:
    await call(WRITE_FILE, context, path="a.txt", content="1\r\n2")

    assert (await call(READ_FILE, context, path="a.txt")).content == "1\r\n2"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"path": "../a", "content": ""}, r"path: '\.\.' does not lead out"),
        ({"path": "/etc/passwd", "content": ""}, "relative to the workspace"),
        ({"path": "a"}, "content: Field required"),
        ({"path": "a", "content": 1}, "content: Input should be a valid string"),
        ({"path": "a", "content": "", "mode": 1}, "mode: Extra inputs"),
        ([], "valid dictionary"),
        ("{", "Invalid JSON"),
        (None, "valid dictionary"),
    ],
)
def test_wrong_arguments_are_told_to_the_model(arguments: object, message: str) -> None:
    with pytest.raises(ToolError, match=message):
        WRITE_FILE.validate(arguments)


def test_arguments_come_as_json_too_and_leave_in_one_form() -> None:
    as_text = WRITE_FILE.validate('{"content": "x", "path": "./a//b"}')

    assert as_text == WRITE_FILE.validate({"path": "a/b", "content": "x"})
    assert as_text == {"path": "a/b", "content": "x"}
    assert LIST_FILES.validate("") == {"path": ".", "recursive": True}


async def test_a_lone_surrogate_is_no_content(context: ToolContext) -> None:
    with pytest.raises(ToolError):
        await call(WRITE_FILE, replace(context), path="a.txt", content="\ud800")
