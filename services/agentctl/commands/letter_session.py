# SPDX-License-Identifier: Apache-2.0
"""What happened in the session of a dead letter, before and after the event that failed."""

from typing import Any

from rich.console import Console
from rich.text import Text

from services.agentctl.client import Services
from services.agentctl.commands.history_lines import show_events
from services.agentctl.errors import CommandError
from services.agentctl.text import one_line, quoted

PERSISTENCE = "persistence"


def show_session_around(screen: Console, services: Services, letter: Any, *, around: int) -> None:
    """Show so many events before and after that of the letter, as persistence has them.

    Where persistence has no such session, or is not there, one line says so.
    """
    session, sequence = letter["session_id"], letter["sequence"]
    if session is None or sequence is None or not around:
        return
    screen.print()
    screen.print(f"Session around event {sequence}", style="bold")
    try:
        page = services.get(
            PERSISTENCE,
            f"/v1/sessions/{quoted(session)}/timeline",
            from_sequence=max(1, sequence - around),
            limit=2 * around + 1,
        )
    except CommandError as error:
        screen.print(Text(f"not to be had: {one_line(str(error))}", style="dim"), soft_wrap=True)
        return
    events = [each for each in page["items"] if each["sequence"] <= sequence + around]
    show_events(screen, (each for each in events if each["sequence"] < sequence))
    found = [each for each in events if each["sequence"] == sequence]
    if found:
        show_events(screen, found)
    missing = "" if found else ", which persistence does not have"
    screen.print(Text(f"{sequence:>5}  ▲ this event failed{missing}", style="yellow"))
    show_events(screen, (each for each in events if each["sequence"] > sequence))
