# SPDX-License-Identifier: Apache-2.0
"""A collector in miniature: takes OTLP over HTTP and gRPC, and keeps what it was sent."""

import gzip
from collections import defaultdict
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from threading import Condition, Thread
from types import TracebackType
from typing import Any, Literal, Self

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

grpc: Any = import_module("grpc")  # has no types

Protocol = Literal["http/protobuf", "grpc"]

TIMEOUT = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedSpan:
    """A span as it arrived; ids in hexadecimal, links as pairs of trace and span id."""

    trace_id: str
    span_id: str
    parent_span_id: str | None
    name: str
    kind: str
    service: str
    attributes: dict[str, object]
    links: tuple[tuple[str, str], ...]
    events: tuple[str, ...]
    status: str
    status_message: str
    start: int
    end: int
    resource: dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedPoint:
    """A data point as it arrived; ``value`` is the count where it is of a histogram."""

    name: str
    unit: str
    service: str
    attributes: dict[str, object]
    value: float
    buckets: tuple[int, ...] = ()


class OtlpReceiver:
    """Listens on two free ports of 127.0.0.1 from the moment it is entered until it is left.

    ``answer`` is the status that HTTP requests get; what comes with another than 200 is not kept.
    """

    def __init__(self, *, http_port: int = 0, answer: HTTPStatus = HTTPStatus.OK) -> None:
        self.answer = answer
        self.refused = 0
        self._http_port = http_port
        self._spans: list[ReceivedSpan] = []
        self._points: list[ReceivedPoint] = []
        self._changed = Condition()

    def __enter__(self) -> Self:
        self._http = ThreadingHTTPServer(("127.0.0.1", self._http_port), _handler(self))
        self._http.daemon_threads = True
        self._thread = Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        self._grpc = grpc.server(ThreadPoolExecutor(2))
        self._grpc.add_generic_rpc_handlers((_trace_service(self), _metrics_service(self)))
        self._grpc_port: int = self._grpc.add_insecure_port("127.0.0.1:0")
        self._grpc.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        stack: TracebackType | None,
    ) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()
        self._grpc.stop(0).wait()

    @property
    def http_port(self) -> int:
        """The port for HTTP."""
        return self._http.server_port

    def endpoint(self, protocol: Protocol = "http/protobuf") -> str:
        """Return what ``OTEL_EXPORTER_OTLP_ENDPOINT`` is set to."""
        port = self.http_port if protocol == "http/protobuf" else self._grpc_port
        return f"http://127.0.0.1:{port}"

    def environment(self, protocol: Protocol = "http/protobuf") -> dict[str, str]:
        """Return the variables that make a process send here, without waiting long."""
        return {
            "OTEL_EXPORTER_OTLP_ENDPOINT": self.endpoint(protocol),
            "OTEL_EXPORTER_OTLP_PROTOCOL": protocol,
            "OTEL_BSP_SCHEDULE_DELAY": "100",
            "OTEL_METRIC_EXPORT_INTERVAL": "500",
        }

    def spans(self) -> list[ReceivedSpan]:
        """Return every span received so far."""
        with self._changed:
            return list(self._spans)

    def by_trace(self) -> dict[str, list[ReceivedSpan]]:
        """Return every span received so far under its trace id."""
        traces: defaultdict[str, list[ReceivedSpan]] = defaultdict(list)
        for span in self.spans():
            traces[span.trace_id].append(span)
        return dict(traces)

    def points(self) -> list[ReceivedPoint]:
        """Return every metric data point received so far."""
        with self._changed:
            return list(self._points)

    def wait_for(
        self, predicate: Callable[[list[ReceivedSpan]], bool], timeout: float = TIMEOUT
    ) -> list[ReceivedSpan]:
        """Return every span received once ``predicate`` holds for them.

        Blocks; in a coroutine call it through ``asyncio.to_thread``.

        Raises:
            AssertionError: it does not hold within ``timeout`` seconds; says what arrived.
        """
        with self._changed:
            if self._changed.wait_for(lambda: predicate(list(self._spans)), timeout):
                return list(self._spans)
            arrived = sorted(f"{span.service}: {span.name}" for span in self._spans)
        raise AssertionError(f"not within {timeout} s; {len(arrived)} spans arrived: {arrived}")

    def wait_for_points(
        self, predicate: Callable[[list[ReceivedPoint]], bool], timeout: float = TIMEOUT
    ) -> list[ReceivedPoint]:
        """Return every data point received once ``predicate`` holds for them.

        Raises:
            AssertionError: it does not hold within ``timeout`` seconds; says what arrived.
        """
        with self._changed:
            if self._changed.wait_for(lambda: predicate(list(self._points)), timeout):
                return list(self._points)
            arrived = sorted({point.name for point in self._points})
        raise AssertionError(f"not within {timeout} s; points arrived of: {arrived}")

    def wait_until_refused(self, times: int, timeout: float = TIMEOUT) -> None:
        """Return once ``times`` requests were answered with another status than 200.

        Raises:
            AssertionError: fewer were within ``timeout`` seconds.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: self.refused >= times, timeout):
                raise AssertionError(f"{self.refused} requests refused, not {times}")

    def take_traces(self, request: ExportTraceServiceRequest) -> None:
        """Keep the spans of ``request``."""
        with self._changed:
            self._spans.extend(_spans(request))
            self._changed.notify_all()

    def take_metrics(self, request: ExportMetricsServiceRequest) -> None:
        """Keep the data points of ``request``."""
        with self._changed:
            self._points.extend(_points(request))
            self._changed.notify_all()

    def refuse(self) -> None:
        """Note that a request was not taken."""
        with self._changed:
            self.refused += 1
            self._changed.notify_all()


def _handler(receiver: OtlpReceiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            if receiver.answer is not HTTPStatus.OK:
                receiver.refuse()
                self._reply(receiver.answer, b"")
            elif self.path == "/v1/traces":
                receiver.take_traces(ExportTraceServiceRequest.FromString(body))
                self._reply(HTTPStatus.OK, ExportTraceServiceResponse().SerializeToString())
            elif self.path == "/v1/metrics":
                receiver.take_metrics(ExportMetricsServiceRequest.FromString(body))
                self._reply(HTTPStatus.OK, ExportMetricsServiceResponse().SerializeToString())
            else:
                self._reply(HTTPStatus.NOT_FOUND, b"")

        def _reply(self, status: HTTPStatus, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/x-protobuf")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 -- its name there
            """Say nothing."""

    return Handler


def _trace_service(receiver: OtlpReceiver) -> Any:
    def export(request: ExportTraceServiceRequest, _: object) -> ExportTraceServiceResponse:
        receiver.take_traces(request)
        return ExportTraceServiceResponse()

    return _service(
        "opentelemetry.proto.collector.trace.v1.TraceService",
        export,
        ExportTraceServiceRequest.FromString,
        ExportTraceServiceResponse.SerializeToString,
    )


def _metrics_service(receiver: OtlpReceiver) -> Any:
    def export(request: ExportMetricsServiceRequest, _: object) -> ExportMetricsServiceResponse:
        receiver.take_metrics(request)
        return ExportMetricsServiceResponse()

    return _service(
        "opentelemetry.proto.collector.metrics.v1.MetricsService",
        export,
        ExportMetricsServiceRequest.FromString,
        ExportMetricsServiceResponse.SerializeToString,
    )


def _service(
    name: str,
    export: Callable[..., object],
    read: Callable[[bytes], object],
    write: Callable[..., bytes],
) -> Any:
    method = grpc.unary_unary_rpc_method_handler(
        export, request_deserializer=read, response_serializer=write
    )
    return grpc.method_handlers_generic_handler(name, {"Export": method})


def _spans(request: ExportTraceServiceRequest) -> Iterable[ReceivedSpan]:
    for resource_spans in request.resource_spans:
        resource = _attributes(resource_spans.resource.attributes)
        for scope_spans in resource_spans.scope_spans:
            for span in scope_spans.spans:
                yield _span(span, resource)


def _span(span: Span, resource: dict[str, object]) -> ReceivedSpan:
    return ReceivedSpan(
        trace_id=span.trace_id.hex(),
        span_id=span.span_id.hex(),
        parent_span_id=span.parent_span_id.hex() or None,
        name=span.name,
        kind=Span.SpanKind.Name(span.kind).removeprefix("SPAN_KIND_"),
        service=str(resource.get("service.name")),
        attributes=_attributes(span.attributes),
        links=tuple((link.trace_id.hex(), link.span_id.hex()) for link in span.links),
        events=tuple(event.name for event in span.events),
        status=Status.StatusCode.Name(span.status.code).removeprefix("STATUS_CODE_"),
        status_message=span.status.message,
        start=span.start_time_unix_nano,
        end=span.end_time_unix_nano,
        resource=resource,
    )


def _points(request: ExportMetricsServiceRequest) -> Iterable[ReceivedPoint]:
    for resource_metrics in request.resource_metrics:
        resource = _attributes(resource_metrics.resource.attributes)
        for scope_metrics in resource_metrics.scope_metrics:
            for metric in scope_metrics.metrics:
                yield from _metric(metric, str(resource.get("service.name")))


def _metric(metric: Metric, service: str) -> Iterable[ReceivedPoint]:
    for number in (*metric.sum.data_points, *metric.gauge.data_points):
        yield ReceivedPoint(
            name=metric.name,
            unit=metric.unit,
            service=service,
            attributes=_attributes(number.attributes),
            value=number.as_double or float(number.as_int),
        )
    for histogram in metric.histogram.data_points:
        yield ReceivedPoint(
            name=metric.name,
            unit=metric.unit,
            service=service,
            attributes=_attributes(histogram.attributes),
            value=float(histogram.count),
            buckets=tuple(histogram.bucket_counts),
        )


def _attributes(pairs: Iterable[KeyValue]) -> dict[str, object]:
    return {pair.key: _value(pair.value) for pair in pairs}


def _value(value: AnyValue) -> object:
    kind = value.WhichOneof("value")
    if kind is None:
        return None
    if kind == "array_value":
        return [_value(each) for each in value.array_value.values]
    if kind == "kvlist_value":
        return _attributes(value.kvlist_value.values)
    return getattr(value, kind)
