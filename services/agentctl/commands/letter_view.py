# SPDX-License-Identifier: Apache-2.0
"""Dead letters as they are shown to people."""

from collections.abc import Iterable
from typing import Any

from rich.console import Console
from rich.text import Text

from services.agentctl.output import STYLES, cell, fields, minute, moment, plural, table
from services.agentctl.text import one_line, safe

SHORT_TEXT = 2_000
SHORT_STACK_LINES = 12

_LETTER = "{:36}  {:9}  {:13}  {}"
_GROUP = "{:16}  {:>7}  {:>6}  {:>6}  {:13}  {}"


def show_page(screen: Console, page: Any) -> None:
    """Show letters, a few lines for each."""
    if not page["items"]:
        screen.print("no dead letters")
        return
    screen.print(_LETTER.format("ID", "STATUS", "SERVICE", "FAILED (UTC)"), style="bold")
    for each in page["items"]:
        line = _LETTER.format(
            each["id"],
            each["status"],
            _name(each["service"] or each["family"]),
            minute(each["failed_at"]),
        )
        screen.print(Text(line, style=STYLES.get(each["status"], "")), soft_wrap=True)
        redrives = each["redrive_count"]
        _print_details(
            screen,
            _event(each["event_type"]),
            each["session_id"],
            plural(redrives, "redrive") if redrives else None,
        )
        _print_details(screen, each["kind"], _error(each))
    if page["next"]:
        screen.print(f"more: --cursor {one_line(str(page['next']))}", style="dim")


def show_groups(screen: Console, page: Any) -> None:
    """Show groups, a few lines for each."""
    if not page["items"]:
        screen.print("no dead letters")
        return
    heading = ("GROUP", "LETTERS", "OPEN", "PARKED", "SERVICE", "LAST FAILED (UTC)")
    screen.print(_GROUP.format(*heading), style="bold")
    for each in page["items"]:
        line = _GROUP.format(
            each["fingerprint"],
            each["letters"],
            each["by_status"]["open"],
            each["by_status"]["parked"],
            _name(each["service"] or "unknown"),
            minute(each["last_failed_at"]),
        )
        screen.print(Text(line), soft_wrap=True)
        sessions = plural(each["sessions"], "session")
        _print_details(screen, sessions, f"for example {each['sample_id']}")
        _print_details(screen, each["kind"], _error(each))


def show_letter(screen: Console, letter: Any, *, full: bool) -> None:
    """Show all that is known of one letter; long texts are cut unless ``full``."""
    screen.print(fields(_facts(letter)))
    _section(screen, "Error", _error(letter) or "nothing is known of it")
    if letter["stack"]:
        screen.print(Text(_stack(letter["stack"], full=full), style="dim"), soft_wrap=True)
    _section(screen, "Key", _content(letter["key"], full=full))
    _section(screen, "Body", _content(letter["body"], full=full))
    _headers(screen, letter["headers"], full=full)
    _history(screen, letter["actions"])
    if letter["why_not"]:
        _section(screen, "It cannot be redriven now", one_line(letter["why_not"]))


def _facts(letter: Any) -> Iterable[tuple[str, Any]]:
    origin = f"{letter['origin_topic']}[{letter['origin_partition']}]@{letter['origin_offset']}"
    times = plural(letter["deliveries"], "time")
    yield "id", letter["id"]
    yield "status", letter["status"]
    yield "service", letter["service"]
    yield "consumer group", letter["consumer_group"]
    yield "kind", letter["kind"]
    yield "event", letter["event_type"]
    yield "event id", letter["event_id"]
    yield "session", letter["session_id"]
    yield "correlation", letter["correlation_id"]
    yield "failed at", origin if letter["origin_topic"] else None
    yield "first failed", f"{moment(letter['first_failed_at'])} UTC"
    yield "last failed", f"{moment(letter['failed_at'])} UTC"
    yield "attempts", letter["attempts"]
    yield "redrives", letter["redrive_count"]
    yield "received", f"{times}, first {moment(letter['received_at'])} UTC"
    yield "group", letter["fingerprint"]


def _headers(screen: Console, headers: list[Any], *, full: bool) -> None:
    _section(screen, f"Headers ({len(headers)})", "")
    rows = table("NAME", "VALUE")
    for each in headers:
        if each["base64"] is None:
            value = Text("null", style="dim")
        elif each["text"] is None:
            value = Text(f"base64 {each['base64'][: None if full else 120]}", style="yellow")
        else:
            value = Text(one_line(each["text"], limit=10_000 if full else 160))
        rows.add_row(one_line(each["name"], limit=60), value)
    screen.print(rows)


def _history(screen: Console, actions: list[Any]) -> None:
    if not actions:
        return
    _section(screen, "What was done", "")
    rows = table("WHEN (UTC)", "WHAT", "BY", "REASON")
    for each in actions:
        rows.add_row(
            moment(each["at"]),
            cell(each["action"].replace("_", " ")),
            cell(each["operator"]),
            cell(each["reason"]),
        )
    screen.print(rows)


def _section(screen: Console, heading: str, text: str) -> None:
    screen.print()
    screen.print(heading, style="bold")
    if text:
        screen.print(Text(text), soft_wrap=True)


def _content(content: Any, *, full: bool) -> str:
    if content is None:
        return "null"
    if not content["size"]:
        return "empty"
    size = plural(content["size"], "byte")
    if content["text"] is None:
        return f"({size}, no text; in base64) {_cut(content['base64'], full=full)}"
    return f"({size}) {_cut(safe(content['text']), full=full)}"


def _cut(text: str, *, full: bool) -> str:
    if full or len(text) <= SHORT_TEXT:
        return text
    return f"{text[:SHORT_TEXT]}… (all of it with --full)"


def _stack(stack: str, *, full: bool) -> str:
    lines = safe(stack).rstrip().splitlines()
    if full or len(lines) <= SHORT_STACK_LINES:
        return "\n".join(lines)
    return "\n".join(["… (all of it with --full)", *lines[-SHORT_STACK_LINES:]])


def _error(letter: Any) -> str | None:
    name = (letter["error_class"] or "").rpartition(".")[2]
    return one_line(": ".join(filter(None, (name, letter["error_message"]))), limit=300) or None


def _event(event_type: str | None) -> str | None:
    """Return the name in ``agentruntime.<level>.<name>.v<version>``; other types as they are."""
    parts = (event_type or "").split(".")
    ours = len(parts) == 4 and parts[0] == "agentruntime"
    return parts[2] if ours else event_type


def _name(name: str, *, limit: int = 13) -> str:
    return one_line(name, limit=limit)


def _print_details(screen: Console, *parts: str | None) -> None:
    line = "  ·  ".join(one_line(part, limit=200) for part in parts if part)
    if line:
        screen.print(Text(f"  {line}", style="dim"), no_wrap=True, overflow="ellipsis")
