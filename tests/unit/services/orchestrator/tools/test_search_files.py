# SPDX-License-Identifier: Apache-2.0
import pytest

from services.orchestrator.tools.errors import ToolError
from services.orchestrator.tools.search_files import SEARCH_FILES
from services.orchestrator.tools.tool import ToolContext, ToolResult


async def search(context: ToolContext, **arguments: object) -> ToolResult:
    return await SEARCH_FILES.call(SEARCH_FILES.validate(arguments), context)


@pytest.fixture(autouse=True)
def files(context: ToolContext) -> None:
    context.workspace.write("a.txt", b"one\n  two.\nThree\n")
    context.workspace.write("d/b.txt", b"two too\n")
    context.workspace.write("d/c.bin", b"\xff two\n")


async def test_lines_are_found_with_their_places(context: ToolContext) -> None:
    found = await search(context, text="two")

    assert found == ToolResult(content="a.txt:2: two.\nd/b.txt:1: two too")


async def test_text_is_taken_literally_unless_it_is_said_to_be_a_pattern(
    context: ToolContext,
) -> None:
    literal = await search(context, text="t.o")
    pattern = await search(context, text=r"^\w+$", regex=True)

    assert literal.content == "(nothing found)"
    assert pattern.content == "a.txt:1: one\na.txt:3: Three"


async def test_case_is_ignored_when_asked(context: ToolContext) -> None:
    assert (await search(context, text="three", ignore_case=True)).content == "a.txt:3: Three"


async def test_only_the_directory_that_was_named_is_searched(context: ToolContext) -> None:
    assert (await search(context, text="two", path="d")).content == "d/b.txt:1: two too"


async def test_matches_stop_at_the_limit_and_it_says_so(context: ToolContext) -> None:
    one = await search(context, text="two", max_matches=1)
    all_of_them = await search(context, text="two", max_matches=2)

    assert one.truncated
    assert one.content.startswith("a.txt:2: two.\n(stopped at a limit")
    assert not all_of_them.truncated


async def test_a_file_that_is_passed_over_does_not_use_up_the_limit(context: ToolContext) -> None:
    (context.workspace.files / "a-huge.bin").write_bytes(b"x" * 50_000)
    (context.workspace.files / "b.txt").write_text("needle\n")

    assert await search(context, text="needle") == ToolResult(content="b.txt:1: needle")


async def test_reading_stops_at_the_limit_and_it_says_so(context: ToolContext) -> None:
    for number in range(3):
        context.workspace.write(f"big{number}.txt", b"x" * 1900)

    found = await search(context, text="nowhere")

    assert found.truncated


async def test_long_lines_are_shown_in_part(context: ToolContext) -> None:
    context.workspace.write("long.txt", b"needle" + b"x" * 1000)

    found = await search(context, text="needle")

    assert len(found.content) < 400


@pytest.mark.parametrize("pattern", ["(", r"(a)\1", "(?:(?:(?:a{1000}){1000}){1000})", "(?=a)"])
async def test_a_pattern_that_could_take_for_ever_or_is_none_is_refused(
    context: ToolContext, pattern: str
) -> None:
    with pytest.raises(ToolError, match="no pattern"):
        await search(context, text=pattern, regex=True)


async def test_a_pattern_that_explodes_elsewhere_is_matched_at_once(context: ToolContext) -> None:
    """With Python's own engine this would not end in the lifetime of the machine."""
    context.workspace.write("trap.txt", b"a" * 1900)

    found = await search(context, text="(a+)+$x", regex=True)

    assert found.content == "(nothing found)"


async def test_too_much_text_or_none_is_refused() -> None:
    for text in ("", "x" * 501):
        with pytest.raises(ToolError, match="text"):
            SEARCH_FILES.validate({"text": text})
