# SPDX-License-Identifier: Apache-2.0
"""The language of the offline model, as a table."""

import pytest
from hypothesis import given, strategies as st

from services.orchestrator.models.offline.request import steps_of


def understood(request: str) -> list[tuple[str, dict[str, object]]]:
    return [(call.tool, dict(call.arguments)) for step in steps_of(request) for call in step.calls]


def write(path: str, content: str) -> tuple[str, dict[str, object]]:
    return "write_file", {"path": path, "content": content}


def read(path: str) -> tuple[str, dict[str, object]]:
    return "read_file", {"path": path}


LANGUAGE: list[tuple[str, list[tuple[str, dict[str, object]]]]] = [
    ('write a file hello.py with: print("hi")', [write("hello.py", 'print("hi")')]),
    ("Create notes.txt containing buy milk.", [write("notes.txt", "buy milk.")]),
    ('create notes.txt containing "buy milk".', [write("notes.txt", "buy milk")]),
    ("please save the file a.md: # Title\nbody", [write("a.md", "# Title\nbody")]),
    ("Could you make me a file a.txt that says hello", [write("a.txt", "hello")]),
    ("write a.txt, with the text: x", [write("a.txt", "x")]),
    ("write a.py with\n```python\nx = 1\n```", [write("a.py", "x = 1\n")]),
    ('write "two words.txt" with `x`', [write("two words.txt", "x")]),
    ("write 'hello' to notes/a.txt", [write("notes/a.txt", "hello")]),
    ("create an empty file a.txt", [write("a.txt", "")]),
    ("write a.c with: int a; int b;", [write("a.c", "int a; int b;")]),
    ("write a.txt with: don't stop 'now", [write("a.txt", "don't stop 'now")]),
    (
        'replace "a b" with "c" in x.py',
        [("edit_file", {"path": "x.py", "old_text": "a b", "new_text": "c"})],
    ),
    (
        "change foo to bar in the file src/x.py.",
        [("edit_file", {"path": "src/x.py", "old_text": "foo", "new_text": "bar"})],
    ),
    ("read a.txt", [read("a.txt")]),
    ("Show me the file a.txt, please.", [read("a.txt")]),
    ("read a.txt and b.txt, c.txt", [read("a.txt"), read("b.txt"), read("c.txt")]),
    ("what is in a.txt?", [read("a.txt")]),
    ("What does a.txt say?", [read("a.txt")]),
    ("list files", [("list_files", {"path": "."})]),
    ("show all files in the workspace", [("list_files", {"path": "."})]),
    ("list the files in src", [("list_files", {"path": "src"})]),
    ("what files are there?", [("list_files", {"path": "."})]),
    ("ls", [("list_files", {"path": "."})]),
    ("search for TODO", [("search_files", {"text": "TODO", "path": "."})]),
    (
        'find "two words" in src/x.py',
        [("search_files", {"text": "two words", "path": "src/x.py"})],
    ),
    (
        "run python3 'my file.py' -v",
        [("run_command", {"argv": ["python3", "my file.py", "-v"]})],
    ),
    ('run the command "ls -l"', [("run_command", {"argv": ["ls", "-l"]})]),
    ("calculate 2*(3+4)", [("calculate", {"expression": "2*(3+4)"})]),
    ("what is 2 + 2?", [("calculate", {"expression": "2 + 2"})]),
    ("How much is 2**10.", [("calculate", {"expression": "2**10"})]),
    ('call count with {"by": 2}', [("count", {"by": 2})]),
    ("use the tool count", [("count", {})]),
    (
        "hand over to the coder agent",
        [("hand_over", {"to_agent": "coder", "reason": "it was asked for"})],
    ),
    ("switch to Ask", [("hand_over", {"to_agent": "ask", "reason": "it was asked for"})]),
]


@pytest.mark.parametrize(("request_text", "calls"), LANGUAGE)
def test_a_step_and_its_calls(
    request_text: str, calls: list[tuple[str, dict[str, object]]]
) -> None:
    assert understood(request_text) == calls


@pytest.mark.parametrize(
    "request_text",
    [
        "",
        "   ",
        "hello there",
        "what is love?",
        "write a poem about autumn",
        "write a.txt",
        "read the news",
        "find the bug in app.py",
        "replace a in b",
        "run",
        "run 'unclosed",
        "calculate",
        "call count with [1]",
        "call count with {",
        "hand over",
        'say "write a.txt with: x"',
        "what is - ?",
    ],
)
def test_what_is_not_in_the_language_asks_for_no_call(request_text: str) -> None:
    known_as_empty = {"write a.txt": [write("a.txt", "")]}

    assert understood(request_text) == known_as_empty.get(request_text, [])


def test_then_and_semicolons_before_a_verb_begin_another_step() -> None:
    steps = steps_of("write a.txt with: x, and then read a.txt; please list files; then ls")

    assert [step.text for step in steps] == [
        "write a.txt with: x",
        "read a.txt",
        "please list files",
        "ls",
    ]


def test_quoted_text_is_never_split() -> None:
    (step,) = steps_of('write a.txt with "read this; then read that"')

    assert step.calls[0].arguments["content"] == "read this; then read that"


@pytest.mark.parametrize(
    ("request_text", "topic"),
    [
        ("write a file error.log with: plan", "coder"),
        ("run the tests", "coder"),
        ("implement a queue", "coder"),
        ("design the architecture of a queue", "architect"),
        ("write a plan for the release", "architect"),
        ("fix the error in app.py", "debug"),
        ("why does it crash? here is the traceback", "debug"),
        ("find the bug in plan.py", "debug"),
        ("what is in plan.md?", "ask"),
        ("explain what the files do", "ask"),
        ("search for design", "ask"),
        ("calculate 1+1", "ask"),
        ("hello", None),
        ('"design"', None),
    ],
)
def test_a_step_is_a_matter_of_an_agent(request_text: str, topic: str | None) -> None:
    assert steps_of(request_text)[0].topic == topic


@given(text=st.text("writeadthn. :;,'\"`\n/{}", max_size=200) | st.text(max_size=200))
def test_any_text_is_read_the_same_every_time(text: str) -> None:
    assert steps_of(text) == steps_of(text)


@pytest.mark.parametrize("piece", ['"', "'", "`", "```", "```x\n", "a'", ";then ", "a.b/", "("])
def test_long_odd_texts_are_read_at_once(piece: str) -> None:
    """Quadratic work on this length would run into the time limit of the test."""
    steps_of("write a.txt with: " + piece * 100_000)
