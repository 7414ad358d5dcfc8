# SPDX-License-Identifier: Apache-2.0
import pytest
from hypothesis import given, strategies as st
from opentelemetry.context import Context
from opentelemetry.trace import SpanContext, TraceFlags, TraceState, get_current_span

from shared.telemetry.propagation import (
    Headers,
    as_context,
    extract,
    extract_creation,
    inject,
    traceparent,
)

TRACE = "0af7651916cd43dd8448eb211c80319c"
SPAN = "b7ad6b7169203331"
VALID = f"00-{TRACE}-{SPAN}-01".encode()
OTHER = b"00-11111111111111111111111111111111-2222222222222222-01"

NAMES = st.sampled_from(["traceparent", "tracestate", "ce_traceparent", "ce_tracestate", "x"])
VALUES = st.one_of(
    st.none(),
    st.binary(max_size=80),
    st.sampled_from([VALID, b"\xff", b"", b"a=b,\xff=c", b"00-" + b"0" * 32 + b"-" + b"0" * 16]),
)


def _hop(headers: Headers) -> SpanContext:
    return get_current_span(extract(headers)).get_span_context()


def test_the_last_hop_is_read_from_traceparent_and_tracestate() -> None:
    hop = _hop([("traceparent", VALID), ("tracestate", b"vendor=1, other=2")])

    assert (f"{hop.trace_id:032x}", f"{hop.span_id:016x}") == (TRACE, SPAN)
    assert hop.trace_flags.sampled
    assert hop.is_remote
    assert dict(hop.trace_state) == {"vendor": "1", "other": "2"}


@pytest.mark.parametrize(
    "value",
    [
        None,
        b"",
        b"\xff",
        b"nonsense",
        VALID.upper(),
        VALID + b"-more",
        VALID[:-1],
        b"ff" + VALID[2:],
        f"00-{'0' * 32}-{SPAN}-01".encode(),
        f"00-{TRACE}-{'0' * 16}-01".encode(),
    ],
)
def test_a_traceparent_that_is_none_begins_a_new_trace(value: bytes | None) -> None:
    headers: Headers = [("traceparent", value), ("ce_traceparent", value)]

    assert not _hop(headers).is_valid
    assert not extract_creation(headers).is_valid
    assert extract(headers) == Context()


def test_a_later_version_of_traceparent_may_have_more_fields() -> None:
    assert _hop([("traceparent", b"01" + VALID[2:] + b"-more")]).is_valid


def test_of_duplicate_headers_the_last_counts() -> None:
    assert traceparent(_hop([("traceparent", VALID), ("traceparent", OTHER)])) == OTHER
    assert not _hop([("traceparent", VALID), ("traceparent", None)]).is_valid


@pytest.mark.parametrize(
    "state",
    [b"\xff", b"=", b",".join(b"k%d=" % n + b"v" * 100 for n in range(6)), b"A=1", b"a=\x00", None],
)
def test_a_bad_tracestate_costs_only_itself(
    state: bytes | None, caplog: pytest.LogCaptureFixture
) -> None:
    hop = _hop([("traceparent", VALID), ("tracestate", state)])

    assert hop.is_valid
    assert len(hop.trace_state) == 0
    assert caplog.records == []


@given(st.lists(st.tuples(NAMES, VALUES), max_size=8))
def test_no_header_makes_reading_raise(headers: list[tuple[str, bytes | None]]) -> None:
    context = extract(headers)

    extract_creation(headers)
    inject(context, headers)


def test_injecting_names_the_hop_and_the_creation_of_a_new_event() -> None:
    span = SpanContext(1, 2, False, TraceFlags(1), TraceState([("vendor", "1")]))

    headers = inject(as_context(span), [("ce_id", b"1"), ("nothing", None)])

    parent = b"00-00000000000000000000000000000001-0000000000000002-01"
    assert headers == [
        ("ce_id", b"1"),
        ("nothing", None),
        ("traceparent", parent),
        ("tracestate", b"vendor=1"),
        ("ce_traceparent", parent),
        ("ce_tracestate", b"vendor=1"),
    ]


def test_injecting_again_replaces_the_hop_and_keeps_the_creation() -> None:
    before = inject(extract([("traceparent", VALID)]), [("ce_id", b"1")])

    after = inject(extract([("traceparent", OTHER)]), before)

    assert dict(after) == {"ce_id": b"1", "traceparent": OTHER, "ce_traceparent": VALID}
    assert len(after) == 3


def test_injecting_without_a_span_leaves_the_headers_as_they_are() -> None:
    headers: Headers = [("traceparent", VALID), ("x", None)]

    assert inject(Context(), headers) == headers
