# SPDX-License-Identifier: Apache-2.0
"""What is in an archived month, in a file of its own beside it."""

from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict

from deploy.archive.month import Month
from shared.eventstore.archive import FORMAT, VERSION, event_line
from shared.eventstore.stored_event import StoredEvent


class KafkaRange(BaseModel):
    """Which records of a partition are in the file: so many, between two offsets."""

    model_config = ConfigDict(frozen=True)

    topic: str
    partition: int
    first_offset: int
    last_offset: int
    events: int


class Manifest(BaseModel):
    """What a file holds: ``digest`` is that of its lines, ``file_sha256`` that of its bytes."""

    model_config = ConfigDict(frozen=True)

    format: str = FORMAT
    version: int = VERSION
    month: str
    file: str
    file_sha256: str
    digest: str
    events: int
    streams: int
    erased: int
    first_recorded_at: AwareDatetime | None
    last_recorded_at: AwareDatetime | None
    kafka: list[KafkaRange]

    def write(self, directory: Path) -> Path:
        """Put the manifest beside the file, whole or not at all."""
        path = directory / f"records-{self.month}.manifest.json"
        draft = path.with_suffix(".draft")
        draft.write_text(self.model_dump_json(indent=2) + "\n")
        return draft.replace(path)


@dataclass(slots=True)
class Summary:
    """Adds up events as they pass by; ``content`` is the digest of all that they say."""

    digest: str = ""
    events: int = 0
    erased: int = 0
    streams: set[str] = field(default_factory=set[str])
    ranges: dict[tuple[str, int], KafkaRange] = field(
        default_factory=dict[tuple[str, int], KafkaRange]
    )
    first: AwareDatetime | None = None
    last: AwareDatetime | None = None
    _content: Any = field(default_factory=sha256)

    @property
    def content(self) -> str:
        """Return the digest of all events so far."""
        digest: str = self._content.hexdigest()
        return digest

    def add(self, stored: StoredEvent) -> None:
        """Take in the next event."""
        self._content.update(event_line(stored))
        self.events += 1
        self.erased += stored.erased_at is not None
        self.streams.add(stored.aggregate_id)
        self.first = min(self.first or stored.recorded_at, stored.recorded_at)
        self.last = max(self.last or stored.recorded_at, stored.recorded_at)
        if stored.coordinates:
            topic, partition, offset = stored.coordinates
            before = self.ranges.get((topic, partition))
            self.ranges[topic, partition] = KafkaRange(
                topic=topic,
                partition=partition,
                first_offset=min(before.first_offset, offset) if before else offset,
                last_offset=max(before.last_offset, offset) if before else offset,
                events=(before.events if before else 0) + 1,
            )

    def manifest(self, month: Month, file: Path) -> Manifest:
        """Return what was added up, of a file that is complete."""
        return Manifest(
            month=str(month),
            file=file_of(month),
            file_sha256=_sha256(file),
            digest=self.digest,
            events=self.events,
            streams=len(self.streams),
            erased=self.erased,
            first_recorded_at=self.first,
            last_recorded_at=self.last,
            kafka=[self.ranges[key] for key in sorted(self.ranges)],
        )


def file_of(month: Month) -> str:
    """Return the name of the file of a month."""
    return f"records-{month}.jsonl.gz"


def _sha256(file: Path) -> str:
    with file.open("rb") as reading:
        digest = sha256()
        while piece := reading.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()
