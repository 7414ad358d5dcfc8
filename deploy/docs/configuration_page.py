# SPDX-License-Identifier: Apache-2.0
"""docs/configuration.md and .env.example: what the services can be told."""

from collections.abc import Iterator

from deploy.docs.fields import table
from deploy.docs.settings import Setting, groups

INTRODUCTION = """\
# Configuration

Written by `make docs` from the Settings classes; do not edit.

Services are told by environment variables what they have to know. Durations are in seconds. Beside
these, the OpenTelemetry SDK reads its own standard `OTEL_*` variables. A value that cannot be used
ends the service at its start with a line that names the variable.
"""

ENV_INTRODUCTION = """\
# Every variable that the services read, with its default. Written by `make docs`; do not edit.
# Copy what you change to .env; what is required has no default.
"""


def configuration_page() -> str:
    """Return all settings as Markdown."""
    return "\n".join(_lines()) + "\n"


def env_example() -> str:
    """Return all settings as an environment file in which nothing is set."""
    return "\n".join(_env_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield INTRODUCTION.rstrip()
    for group in groups():
        yield f"\n## {group.title}\n\n{group.purpose}\n"
        rows = [
            (f"`{setting.variable}`", _default(setting), setting.meaning)
            for setting in group.settings
        ]
        yield from table(("variable", "default", "meaning"), rows)


def _default(setting: Setting) -> str:
    if setting.required:
        return "**required**"
    return f"`{setting.default}`" if setting.default else ""


def _env_lines() -> Iterator[str]:
    yield ENV_INTRODUCTION.rstrip()
    for group in groups():
        yield f"\n# {group.title}: {group.purpose}"
        for setting in group.settings:
            if setting.meaning:
                yield f"# {setting.meaning}."
            comment = "" if setting.required else "# "
            yield f"{comment}{setting.variable}={setting.default}"
