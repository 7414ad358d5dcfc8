# SPDX-License-Identifier: Apache-2.0
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExportResult
from opentelemetry.trace import Link, SpanKind

from shared.telemetry import Telemetry
from shared.telemetry.file_exporter import FileSpanExporter
from shared.telemetry.tracing import Tracing

Configure = Callable[..., Telemetry]

ROOT = Path(__file__).parents[4]

WRITER = """
import sys
from pathlib import Path
from shared.telemetry import TelemetrySettings, configure_telemetry
telemetry = configure_telemetry(sys.argv[1], TelemetrySettings(traces_file=Path(sys.argv[2])))
for number in range(1500):
    with telemetry.tracing.span("work", attributes={"number": number, "padding": "x" * 500}):
        pass
    if number % 400 == 0:
        telemetry.tracing.provider.force_flush()
telemetry.shutdown()
"""


def _read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_a_span_is_one_line_with_all_that_it_says(configure: Configure, tmp_path: Path) -> None:
    path = tmp_path / "traces.jsonl"
    telemetry = configure("audit", TRACES_FILE=str(path))
    with telemetry.tracing.span("cause") as cause:
        pass

    with (
        pytest.raises(ValueError, match="broken"),
        telemetry.tracing.span("turn"),
        telemetry.tracing.span(
            "send t",
            kind=SpanKind.PRODUCER,
            attributes={"count": 1, "names": ["a", "b"]},
            links=[Link(cause.get_span_context())],
        ),
    ):
        raise ValueError("broken")
    telemetry.shutdown()

    first, send, turn = _read(path)
    assert send["name"] == "send t"
    assert send["kind"] == "PRODUCER"
    assert send["service"] == "agent-runtime-audit"
    assert send["trace_id"] == turn["trace_id"] != first["trace_id"]
    assert send["parent_span_id"] == turn["span_id"]
    assert turn["parent_span_id"] is None
    assert send["attributes"] == {"count": 1, "names": ["a", "b"], "error.type": "ValueError"}
    assert [link["span_id"] for link in send["links"]] == [first["span_id"]]
    assert send["status"] == {"code": "ERROR", "description": "broken"}
    assert [event["name"] for event in send["events"]] == ["exception"]
    started, ended = datetime.fromisoformat(send["start"]), datetime.fromisoformat(send["end"])
    assert started <= ended
    assert started.utcoffset() is not None


def test_several_processes_share_a_file_without_tearing_a_line(tmp_path: Path) -> None:
    path = tmp_path / "traces.jsonl"
    writers = [
        subprocess.Popen(  # noqa: S603 -- runs WRITER
            [sys.executable, "-c", WRITER, service, str(path)], cwd=ROOT
        )
        for service in ("audit", "metrics")
    ]

    assert [writer.wait(60) for writer in writers] == [0, 0]

    spans = _read(path)
    assert Counter(span["service"] for span in spans) == {
        "agent-runtime-audit": 1500,
        "agent-runtime-metrics": 1500,
    }


def test_a_file_that_is_there_is_appended_to(configure: Configure, tmp_path: Path) -> None:
    path = tmp_path / "traces.jsonl"
    path.write_text('{"name":"older"}\n')
    telemetry = configure(TRACES_FILE=str(path))
    with telemetry.tracing.span("newer"):
        pass
    telemetry.shutdown()

    assert [span["name"] for span in _read(path)] == ["older", "newer"]


def test_a_full_disk_costs_spans_and_one_warning(caplog: pytest.LogCaptureFixture) -> None:
    exporter = FileSpanExporter(Path("/dev/full"))
    provider = TracerProvider(resource=Resource({}), shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracing = Tracing.to(provider)

    for _ in range(3):
        with tracing.span("lost"):
            pass

    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "No space left" in caplog.text
    provider.shutdown()


def test_a_closed_exporter_takes_nothing(tmp_path: Path) -> None:
    exporter = FileSpanExporter(tmp_path / "traces.jsonl")

    exporter.shutdown()
    exporter.shutdown()

    assert exporter.export([]) is SpanExportResult.FAILURE
