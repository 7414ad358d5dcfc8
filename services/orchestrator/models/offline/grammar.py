# SPDX-License-Identifier: Apache-2.0
"""The language that the offline model understands.

A step of a request is one of these, where case does not matter outside quotes, nor do articles,
"please" and "can you"::

    write|create|save|make|add NAME with|containing|saying[:] CONTENT     create NAME
    write|save|put|add QUOTED to|into|in NAME
    replace|change TEXT with|by|to|into TEXT in NAME
    read|show|open|print|cat NAME {and NAME}       what is in NAME        what does NAME say
    list|show files [in NAME]                      what files are there   ls
    search|look|grep|find [for] TEXT [in NAME]
    run|execute COMMAND
    calculate|compute EXPRESSION                   what is|how much is EXPRESSION
    call|use [tool] TOOL [with] {JSON}
    hand over|switch to AGENT

A NAME has a dot or a slash in it, or is quoted. TEXT is one word or quoted. CONTENT, COMMAND and
EXPRESSION are the rest of the step. Quotes are ``"``, ``'``, a back quote or three of them.
"""

import json
import shlex
from collections.abc import Callable
from typing import cast

from services.orchestrator.models.offline.cursor import Cursor
from services.orchestrator.models.offline.step import Call

Calls = tuple[Call, ...]

_ARITHMETIC = frozenset("0123456789.+-*/%() ")
_WITH = ("with", "containing", "contains", "saying", "says", ":")
_ABOUT_FAILURE = frozenset(("bug", "bugs", "error", "errors", "problem", "cause", "reason"))


def calls_of(cursor: Cursor) -> Calls:
    """Return the calls that a step asks for; none if it is not in the language."""
    verb = cursor.word()
    parse = VERBS.get((verb or "").lower())
    calls = parse(cursor) if parse else ()
    return calls if cursor.ended else ()


def _call(tool: str, **arguments: object) -> Calls:
    return (Call(tool=tool, arguments=arguments),)


def _write(cursor: Cursor) -> Calls:
    cursor.skip_fillers()
    if cursor.quoted_next() and cursor.peek(1) in {"to", "into", "in"}:
        content, _ = cursor.word(), cursor.word()
        path = cursor.name()
        return _call("write_file", path=path, content=content) if path else ()
    path = cursor.name()
    if path is None:
        return ()
    if cursor.ended:
        return _call("write_file", path=path, content="")
    content = _content(cursor)
    return _call("write_file", path=path, content=content) if content else ()


def _content(cursor: Cursor) -> str:
    cursor.take(",")
    cursor.take("that")
    if not cursor.take_one(_WITH):
        return ""
    if cursor.take("the"):
        cursor.take_one(("text", "content"))
    cursor.take(":")
    return cursor.rest()


def _edit(cursor: Cursor) -> Calls:
    old = cursor.word()
    linked = cursor.take_one(("with", "by", "to", "into"))
    new = cursor.word()
    path = cursor.name() if cursor.take("in") else None
    if not linked or path is None:
        return ()
    return _call("edit_file", path=path, old_text=old, new_text=new)


def _read(cursor: Cursor) -> Calls:
    paths = [cursor.name()]
    while paths[-1] is not None and cursor.take_one((",", "and")):
        paths.append(cursor.name())
    if None in paths:
        return ()
    return tuple(Call(tool="read_file", arguments={"path": path}) for path in paths)


def _list(cursor: Cursor) -> Calls:
    cursor.skip_fillers()
    cursor.take_one(("workspace", "directory"))
    where = cursor.take_one(("in", "of"))
    cursor.skip_fillers()
    workspace = cursor.take_one(("workspace", "directory"))
    path = "." if workspace or not where else cursor.word()
    return _call("list_files", path=path) if path else ()


def _show(cursor: Cursor) -> Calls:
    keys = [cursor.peek(ahead) for ahead in range(4)]
    return _list(cursor) if {"files", "workspace", "directory"} & set(keys) else _read(cursor)


def _search(cursor: Cursor) -> Calls:
    cursor.take("for")
    cursor.skip_fillers()
    if cursor.peek() in _ABOUT_FAILURE:
        return ()
    text = cursor.word()
    path = cursor.name() if cursor.take("in") else "."
    return _call("search_files", text=text, path=path) if text and path else ()


def _run(cursor: Cursor) -> Calls:
    cursor.skip_fillers()
    try:
        argv = shlex.split(cursor.rest())
    except ValueError:
        return ()
    return _call("run_command", argv=argv) if argv else ()


def _calculate(cursor: Cursor) -> Calls:
    return () if cursor.ended else _call("calculate", expression=cursor.rest())


def _what(cursor: Cursor) -> Calls:
    if cursor.take("files"):
        cursor.take_one(("are", "do", "exist"))
        cursor.rest()
        return _call("list_files", path=".")
    if cursor.take("is", "in") or cursor.take("does"):
        calls = _read(cursor)
        cursor.take_one(("say", "contain", "hold"))
        return calls
    if not cursor.take("is"):
        return ()
    expression = cursor.rest()
    known = set(expression) <= _ARITHMETIC and any(map(str.isdigit, expression))
    return _call("calculate", expression=expression) if known else ()


def _how(cursor: Cursor) -> Calls:
    return _what(cursor) if cursor.take("much") else ()


def _use(cursor: Cursor) -> Calls:
    cursor.take("the")
    cursor.take("tool")
    tool = cursor.word()
    cursor.take("with")
    try:
        arguments: object = json.loads(cursor.rest() or "{}")
    except (ValueError, RecursionError):
        return ()
    if not tool or not isinstance(arguments, dict):
        return ()
    return (Call(tool=tool, arguments=cast("dict[str, object]", arguments)),)


def _switch(cursor: Cursor) -> Calls:
    cursor.take("over")
    if not cursor.take("to"):
        return ()
    cursor.take("the")
    agent = cursor.word()
    cursor.take("agent")
    return _call("hand_over", to_agent=agent.lower(), reason="it was asked for") if agent else ()


VERBS: dict[str, Callable[[Cursor], Calls]] = {
    **dict.fromkeys(("write", "create", "save", "make", "add", "put"), _write),
    **dict.fromkeys(("replace", "change"), _edit),
    **dict.fromkeys(("read", "open", "print", "cat", "display"), _read),
    **dict.fromkeys(("search", "look", "grep", "find"), _search),
    **dict.fromkeys(("run", "execute"), _run),
    **dict.fromkeys(("calculate", "compute", "evaluate"), _calculate),
    **dict.fromkeys(("call", "use"), _use),
    **dict.fromkeys(("hand", "switch"), _switch),
    **dict.fromkeys(("list", "ls"), _list),
    "show": _show,
    "what": _what,
    "how": _how,
}
"""How each verb goes on."""
