# SPDX-License-Identifier: Apache-2.0
"""Reads what is said to be an export, and refuses it at the first line that is not. No I/O."""

from collections.abc import Iterable, Mapping
from typing import Any, cast

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import from_json

from services.persistence.exchange.lines import FORMAT, VERSION, chained
from shared.errors import PermanentError
from shared.events.base import MAX_SEQUENCE

MAX_LINE_BYTES = 4 * 1024 * 1024
_WITHOUT_NUL = r"^[^\x00]*$"


class AlteredExportError(PermanentError):
    """The lines are not those that were exported; ``line`` is the first bad one, from 1."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"line {line}: {reason}")
        self.line = line


class Manifest(BaseModel):
    """What an export says of itself."""

    model_config = ConfigDict(frozen=True)

    session_id: str = Field(min_length=1, max_length=200, pattern=_WITHOUT_NUL)
    events: int = Field(ge=1, le=MAX_SEQUENCE)
    exported_at: AwareDatetime
    installation: str = Field(default="", max_length=200, pattern=_WITHOUT_NUL)
    erased_at: AwareDatetime | None = None


class Checker:
    """Takes the lines of an export one after the other.

    Each line has to have the digest over itself and the line before, and each event the number that
    comes next; so whatever was changed, left out, added or moved is found at the line where it was.
    """

    def __init__(self) -> None:
        self.number = 0
        self.digest = ""
        self._manifest: Manifest | None = None
        self._events = 0
        self._ended = False

    @property
    def manifest(self) -> Manifest:
        """Return what the first line says, which has to be there.

        Raises:
            AlteredExportError: it is not.
        """
        if self._manifest is None:
            raise AlteredExportError(1, f"it is no {FORMAT} of version {VERSION}")
        return self._manifest

    def take(self, line: bytes) -> Mapping[str, Any] | None:
        """Return what the next line says of an event, or None if it is the first or the last.

        Raises:
            AlteredExportError: it is not what was written there.
        """
        self.number += 1
        fields = self._checked(line)
        if self.number == 1:
            self._manifest = self._first(fields)
            return None
        if self._ended:
            raise self.altered("it comes after the end")
        if fields.get("end"):
            self._ended = True
            return None
        self._events += 1
        if fields.get("sequence") != self._events:
            raise self.altered(f"event {self._events} was to come here")
        return fields

    def finish(self) -> Manifest:
        """Return what the export says of itself, now that there are no more lines.

        Raises:
            AlteredExportError: there should be more.
        """
        if not self._ended or self.manifest.events != self._events:
            _ = self.manifest
            raise AlteredExportError(self.number + 1, "the end is missing")
        return self.manifest

    def altered(self, reason: str) -> AlteredExportError:
        """Return the error of the line that was taken last."""
        return AlteredExportError(self.number, reason)

    def _checked(self, line: bytes) -> dict[str, Any]:
        if len(line) > MAX_LINE_BYTES:
            raise self.altered(f"it has more than {MAX_LINE_BYTES} bytes")
        fields = self._fields(line)
        said = fields.pop("digest", None)
        self.digest = chained(self.digest, fields)
        if said != self.digest:
            raise self.altered("its digest is not that of what it says")
        return fields

    def _fields(self, line: bytes) -> dict[str, Any]:
        try:
            found: object = from_json(line)
        except ValueError:
            raise self.altered("it is no JSON") from None
        if not isinstance(found, dict):
            raise self.altered("it is no JSON object")
        return cast(dict[str, Any], found)

    def _first(self, fields: Mapping[str, Any]) -> Manifest | None:
        if (fields.get("format"), fields.get("version")) != (FORMAT, VERSION):
            return self.manifest
        try:
            return Manifest.model_validate(fields)
        except ValidationError as error:
            raise self.altered(explained(error)) from None


def check(lines: Iterable[bytes]) -> Manifest:
    """Return what an export says of itself if every line is as it was written.

    Raises:
        AlteredExportError: one is not; it names the first.
    """
    checker = Checker()
    for line in lines:
        checker.take(line)
    return checker.finish()


def explained(error: ValidationError) -> str:
    """Return the first thing that is wrong with the fields of a line."""
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    return f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"
