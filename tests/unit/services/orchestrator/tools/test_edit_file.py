# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace
from uuid import UUID

import pytest

from services.orchestrator.tools.edit_file import EDIT_FILE
from services.orchestrator.tools.errors import ToolError, ToolOutcomeUnknown
from services.orchestrator.tools.execution import execute
from services.orchestrator.tools.tool import ToolContext
from services.orchestrator.tools.workspace.workspace import Workspace

ARGUMENTS = {"path": "a.txt", "old_text": "a", "new_text": "ab"}


async def edit(context: ToolContext, **arguments: object) -> str:
    result = await EDIT_FILE.call(EDIT_FILE.validate({"path": "a.txt", **arguments}), context)
    return result.content


async def test_the_text_is_replaced_and_the_rest_stays(context: ToolContext) -> None:
    context.workspace.write("a.txt", b"one two three")

    said = await edit(context, old_text="two", new_text="2")

    assert said == "edited a.txt (1 place)"
    assert context.workspace.read("a.txt") == b"one 2 three"


async def test_text_that_is_not_there_changes_nothing(context: ToolContext) -> None:
    context.workspace.write("a.txt", b"one")

    with pytest.raises(ToolError, match="does not contain old_text"):
        await edit(context, old_text="two", new_text="2")

    assert context.workspace.read("a.txt") == b"one"


async def test_text_that_is_there_twice_needs_to_be_told_apart(context: ToolContext) -> None:
    context.workspace.write("a.txt", b"x x")

    with pytest.raises(ToolError, match="2 times; give more of the text"):
        await edit(context, old_text="x", new_text="y")
    said = await edit(context, old_text="x", new_text="y", replace_all=True)

    assert said == "edited a.txt (2 places)"
    assert context.workspace.read("a.txt") == b"y y"


async def test_an_edit_that_makes_the_file_too_large_changes_nothing(context: ToolContext) -> None:
    context.workspace.write("a.txt", b"x")

    with pytest.raises(ToolError, match="a file has at most 2000"):
        await edit(context, old_text="x", new_text="y" * 2001)

    assert context.workspace.read("a.txt") == b"x"


async def test_the_same_effect_takes_place_once_however_often_it_is_called(
    context: ToolContext,
) -> None:
    """Repeated without its identity, this edit would go on adding."""
    context.workspace.write("a.txt", b"a")

    said = [await edit(context, old_text="a", new_text="ab") for _ in range(3)]

    assert context.workspace.read("a.txt") == b"ab"
    assert set(said) == {"edited a.txt (1 place)"}


async def test_an_edit_that_a_crash_cut_off_before_the_write_is_made_when_repeated(
    context: ToolContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    context.workspace.write("a.txt", b"a")

    def crash(_self: Workspace, _path: str, _content: bytes) -> bool:
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(Workspace, "write", crash)
        with pytest.raises(ToolOutcomeUnknown):
            await execute(EDIT_FILE, EDIT_FILE.validate(ARGUMENTS), context)
    assert context.workspace.read("a.txt") == b"a"

    await execute(EDIT_FILE, EDIT_FILE.validate(ARGUMENTS), context)

    assert context.workspace.read("a.txt") == b"ab"


async def test_another_effect_is_another_edit(context: ToolContext) -> None:
    context.workspace.write("a.txt", b"a")
    other = replace(context, effect_id=UUID("0192f0c0-0000-7000-8000-000000000002"))

    await edit(context, old_text="a", new_text="ab")
    await edit(other, old_text="a", new_text="ab")

    assert context.workspace.read("a.txt") == b"abb"
