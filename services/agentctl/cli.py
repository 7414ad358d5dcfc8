# SPDX-License-Identifier: Apache-2.0
"""The command line ``agentctl``: one file for each group of commands."""

import os
import sys
from collections.abc import Sequence

import typer

from services.agentctl.commands import (
    approvals,
    audit,
    dlq,
    events,
    history,
    outbox,
    sessions,
    topics,
)
from services.agentctl.commands.context import context
from services.agentctl.commands.metrics import metrics
from services.agentctl.commands.status import status
from services.agentctl.errors import CommandError

UNEXPECTED_ANSWER = "a service answered in a way that this agentctl does not know; is it as new?"


def build_app() -> typer.Typer:
    """Return all commands."""
    app = typer.Typer(
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        help="Operates a running agent runtime.",
    )
    app.command()(status)
    app.add_typer(dlq.app, name="dlq")
    app.add_typer(sessions.app, name="sessions")
    app.add_typer(approvals.app, name="approvals")
    app.add_typer(history.app, name="history")
    app.add_typer(audit.app, name="audit")
    app.add_typer(outbox.app, name="outbox")
    app.add_typer(topics.app, name="topics")
    app.add_typer(events.app, name="events")
    app.command()(context)
    app.command()(metrics)
    return app


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code: 0 only if all that was asked for was done."""
    try:
        build_app()(args=list(arguments), prog_name="agentctl")
    except SystemExit as exit_:
        return exit_.code if isinstance(exit_.code, int) else 1
    except CommandError as error:
        typer.echo(f"agentctl: {error}", err=True)
        return 1
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        typer.echo(f"agentctl: {UNEXPECTED_ANSWER} ({type(error).__name__}: {error})", err=True)
        return 1
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # nobody reads any more
        return 1
    return 0


def main() -> None:
    """Run the command line."""
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure:
        reconfigure(errors="replace")  # a terminal that has no "…" is no reason to fail
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
