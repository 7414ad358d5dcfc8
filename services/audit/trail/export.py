# SPDX-License-Identifier: Apache-2.0
"""A log as JSON Lines, for somebody else to verify without this service.

Each line is an entry, in the order of the log, or a signed checkpoint of the entries before it.
Bytes are in hexadecimal; ``leaf`` is spelled exactly as it was hashed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from pydantic import TypeAdapter, ValidationError, with_config

from services.audit.trail.entry import STRICT, Contents, Entry
from services.audit.trail.verification import LoggedEntry, TamperingError, Verdict, Verification
from services.audit.transparency import Checkpoint, VerificationError, VerifierKey


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class _EntryLine:
    index: int
    leaf: str
    leaf_hash: bytes
    contents: Contents | None


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class _CheckpointLine:
    checkpoint: str


_Line = _EntryLine | _CheckpointLine
_lines = TypeAdapter[_Line](_Line)


def write_entry(logged: LoggedEntry) -> bytes:
    """Return the line of an entry."""
    line = _EntryLine(
        index=logged.index,
        leaf=logged.entry.leaf().decode(),
        leaf_hash=logged.leaf_hash,
        contents=logged.contents,
    )
    return _lines.dump_json(line) + b"\n"


def write_checkpoint(note: str) -> bytes:
    """Return the line of a signed checkpoint."""
    return _lines.dump_json(_CheckpointLine(checkpoint=note)) + b"\n"


def write_page(
    entries: Iterable[LoggedEntry], notes: Mapping[int, str], *, with_contents: bool
) -> bytes:
    """Return the lines of ``entries``, each with the checkpoint behind it that ends there."""
    lines = list[bytes]()
    for logged in entries:
        lines.append(write_entry(logged if with_contents else replace(logged, contents=None)))
        if note := notes.get(logged.index + 1):
            lines.append(write_checkpoint(note))
    return b"".join(lines)


def verify_export(
    lines: Iterable[bytes], key: VerifierKey, *, checkpoint: str, kept: Iterable[str] = ()
) -> Verdict:
    """Return what an exported log is worth.

    ``checkpoint`` is the newest that its owner shows; ``kept`` are those that were seen before and
    kept elsewhere. It is only by them that a log is known to have been cut off or replaced.

    Raises:
        VerificationError: a checkpoint is not one that the log signed with ``key``.
    """
    walk = Verification(key.name)
    shown = Checkpoint.open(checkpoint, key)
    seen = [Checkpoint.open(note, key) for note in kept]
    try:
        for each in (shown, *seen):
            walk.expect(each)
        for line in lines:
            _walk(walk, line, key)
        walk.end()
        _require_newest(shown, seen)
    except TamperingError as tampering:
        return walk.verdict(tampering)
    return walk.verdict()


def _walk(walk: Verification, line: bytes, key: VerifierKey) -> None:
    index = walk.size
    try:
        match _parse(line):
            case _CheckpointLine(checkpoint=note):
                walk.expect(Checkpoint.open(note, key))
            case _EntryLine() as entry:
                walk.add(_read(entry))
    except TamperingError:
        raise
    except VerificationError as error:
        problem = f"the line of entry {index} is not sound: {error}"
        raise TamperingError(problem, first=index, end=index + 1) from error


def _parse(line: bytes) -> _Line:
    try:
        parsed = _lines.validate_json(line)
    except ValidationError as error:
        raise VerificationError(f"not a line of an export: {error.errors()[0]['msg']}") from None
    if _lines.dump_json(parsed) != line.rstrip(b"\n"):
        raise VerificationError("not a line of an export as it was written")
    return parsed


def _read(line: _EntryLine) -> LoggedEntry:
    return LoggedEntry(
        index=line.index,
        entry=Entry.parse(line.leaf.encode()),
        leaf_hash=line.leaf_hash,
        contents=line.contents,
    )


def _require_newest(shown: Checkpoint, seen: Iterable[Checkpoint]) -> None:
    newest = max((each.size for each in seen), default=0)
    if shown.size < newest:
        problem = f"an old checkpoint is shown, of size {shown.size}: one of {newest} was seen"
        raise TamperingError(problem, first=shown.size, end=newest)
