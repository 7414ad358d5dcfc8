# SPDX-License-Identifier: Apache-2.0
"""What a person sees of how far it is."""

import sys

import typer


def show_progress(done: int, total: int, *, rest: str = "") -> None:
    """Say how far it is, in a line that is written again and again, in a terminal only."""
    if sys.stderr.isatty():
        typer.echo(f"\r\x1b[K{done} of {total}{rest}", err=True, nl=False)


def end_progress() -> None:
    """Leave that line."""
    if sys.stderr.isatty():
        typer.echo(err=True)
