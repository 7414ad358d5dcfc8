# SPDX-License-Identifier: Apache-2.0
"""Dashboards and alerts ask only for figures that the code really shows."""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any
from unittest.mock import Mock

import pytest
import yaml
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from deploy.embedded.catalogue import SERVICES
from services.audit.checkpoints.schedule import CheckpointSchedule
from services.audit.verifier import LogVerifier
from services.metrics.definitions import DEFINITIONS
from shared.messaging.observation import BusObservation
from shared.telemetry.instrument_table import rows
from shared.telemetry.instruments import HTTP_METRICS, Instruments
from shared.telemetry.tracing import Tracing
from tests.support.repository import ROOT, python_files

DASHBOARDS = sorted((ROOT / "deploy/grafana/dashboards").glob("*.json"))
PROMETHEUS = ROOT / "deploy/prometheus"

ADDED_BY_PROMETHEUS = {"job", "instance", "le"}
OF_HTTP = {"http_request_method", "http_route", "http_response_status_code"}
OF_THE_COLLECTOR = {
    "otelcol_exporter_send_failed_spans_total": {"exporter"},
    "otelcol_receiver_refused_spans_total": {"receiver", "transport"},
}
WORDS = {"and", "or", "unless", "bool", "offset"}
GROUPING = re.compile(r"\b(?:by|without|on|ignoring)\s*\(([^)]*)\)")
MATCHERS = re.compile(r"\{([^}]*)\}")
SUFFIX = re.compile(r"_(bucket|count|sum)$")


def fed() -> set[str]:
    """Return the rows of the table that some code gives values to."""
    source = "\n".join(path.read_text("utf-8") for path in python_files("services", "shared"))
    used = set(re.findall(r"instruments\s*\.(\w+)", source))
    return used | ({"clock_skew"} if "note_skew" in used else set())


def shown() -> Mapping[str, set[str]]:
    """Return the figures that are shown, with their labels; those in no use are not among them."""
    names = {row: name for name, row in vars(Instruments).items() if row in rows(Instruments)}
    emitted = [row.definition for row in rows(Instruments) if names[row] in fed()]
    ours = {each.prometheus_name: set[str](each.labels) for each in (*emitted, *DEFINITIONS)}
    return {**ours, **dict.fromkeys(HTTP_METRICS, OF_HTTP), "up": set(), **OF_THE_COLLECTOR}


SHOWN = shown()


def dashboard_expressions() -> Iterator[tuple[str, str]]:
    for path in DASHBOARDS:
        board = json.loads(path.read_text("utf-8"))
        for panel in board["panels"]:
            for target in panel.get("targets", ()):
                yield f"{path.stem}-{panel['id']}{target['refId']}", target["expr"]


def rules(file: str) -> list[dict[str, Any]]:
    groups = yaml.safe_load((PROMETHEUS / file).read_text("utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def alerts() -> list[dict[str, Any]]:
    return rules("alerts.yml")


def increments() -> Iterator[tuple[str, str]]:
    """Return what has to be recorded of the totals of the metrics service."""
    for definition in DEFINITIONS:
        name = definition.prometheus_name
        series = {"counter": name, "histogram": f"{name}_bucket"}.get(definition.kind)
        if series:
            total = f'max without (instance) ({series}{{job="metrics"}}'
            somebody = 'max(agent_runtime_sessions_active{job="metrics"} offset 1m)'
            yield (
                f"{series.removesuffix('_total')}:per_minute",
                f"{total}) - ({total} offset 1m) or {total}) * 0 and on () {somebody})",
            )


EXPRESSIONS = [*dashboard_expressions(), *((each["alert"], each["expr"]) for each in alerts())]
every_expression = pytest.mark.parametrize(
    "expression",
    [expression for _, expression in EXPRESSIONS],
    ids=[name for name, _ in EXPRESSIONS],
)


def metrics_in(expression: str) -> set[str]:
    plain = re.sub(r'"[^"]*"', "", expression)
    for part in (MATCHERS, re.compile(r"\[[^\]]*\]"), GROUPING):
        plain = part.sub(" ", plain)
    found: list[str] = re.findall(r"\b[a-zA-Z_][\w:]*\b(?!\s*\()", plain)
    return set(found) - WORDS


def labels_in(expression: str) -> set[str]:
    matchers: list[str] = MATCHERS.findall(re.sub(r'"[^"]*"', '""', expression))
    groupings: list[str] = GROUPING.findall(expression)
    matched = {name for each in matchers for name in re.findall(r"(\w+)\s*[=!]", each)}
    return matched | {name.strip() for each in groupings for name in each.split(",")}


def shown_as(metric: str) -> str:
    if recorded := re.fullmatch(r"(\w+):per_minute", metric):
        metric = recorded[1] if SUFFIX.search(recorded[1]) else f"{recorded[1]}_total"
    return metric if metric in SHOWN else SUFFIX.sub("", metric)


def test_every_figure_that_is_promised_is_fed() -> None:
    """A row of the table without code that feeds it would be a figure that nobody ever sees.

    That those of the metrics service are fed is held beside it; that all are really shown by a
    running system, in ``tests/scenarios/test_conversation.py``.
    """
    promised = {name for name, row in vars(Instruments).items() if row in rows(Instruments)}

    assert promised - fed() == set()


def test_no_figure_is_both_measured_and_counted_from_events() -> None:
    """Whoever adds a figure up over all services would count it twice."""
    measured = {row.definition.name for row in rows(Instruments)}

    assert measured & {each.name for each in DEFINITIONS} == set()


@every_expression
def test_every_figure_that_is_asked_for_is_shown(expression: str) -> None:
    metrics = metrics_in(expression)

    assert metrics
    assert {metric for metric in metrics if shown_as(metric) not in SHOWN} == set()


@every_expression
def test_every_label_that_is_asked_for_is_one_of_the_figure(expression: str) -> None:
    known = {label for metric in metrics_in(expression) for label in SHOWN[shown_as(metric)]}

    assert labels_in(expression) <= known | ADDED_BY_PROMETHEUS


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)
def test_a_dashboard_is_named_for_its_file_and_explains_its_panels(path: object) -> None:
    board = json.loads((ROOT / str(path)).read_text("utf-8"))
    panels = [panel for panel in board["panels"] if panel["type"] != "row"]

    assert board["uid"] == getattr(path, "stem", "")
    assert [panel["title"] for panel in panels if not panel["description"]] == []


def test_a_dashboard_chooses_among_values_that_are_shown() -> None:
    queries = [
        variable["query"]
        for path in DASHBOARDS
        for variable in json.loads(path.read_text("utf-8"))["templating"]["list"]
    ]
    asked: list[tuple[str, str]] = [
        found for query in queries for found in re.findall(r"^label_values\((\w+), (\w+)\)$", query)
    ]

    assert len(asked) == len(queries)
    assert [pair for pair in asked if pair[1] not in SHOWN[pair[0]]] == []


def test_of_every_total_of_the_metrics_service_its_increments_are_recorded() -> None:
    found = [(rule["record"], rule["expr"]) for rule in rules("rules.yml")]

    assert found == list(increments())


def test_no_dashboard_and_no_alert_takes_the_rate_of_a_total_that_is_there_at_once() -> None:
    """It misses the first of a kind; and an orchestrator may show figures of the same name."""
    totals = {each.prometheus_name for each in DEFINITIONS if each.kind != "gauge"}

    assert [
        name
        for name, expression in EXPRESSIONS
        if totals & {shown_as(metric) for metric in metrics_in(expression) if ":" not in metric}
    ] == []


def test_an_alert_says_what_is_wrong_and_what_to_do() -> None:
    assert [
        rule["alert"]
        for rule in alerts()
        if not {"summary", "action"} <= set(rule["annotations"]) or "severity" not in rule["labels"]
    ] == []


def test_an_alert_that_waits_for_a_first_time_is_on_a_counter_that_begins_at_zero() -> None:
    """Prometheus knows no increase up to the first value of a series.

    The safeguard is the ``add(0, …)`` where the counters are made.
    """
    reader = InMemoryMetricReader()
    instruments = Instruments(MeterProvider([reader]).get_meter("test"))
    BusObservation(Tracing.off(), instruments, group="agent-runtime.audit")
    CheckpointSchedule(Mock(), interval=timedelta(1), instruments=instruments)
    LogVerifier(Mock(), key_of=Mock(), instruments=instruments)
    waited_for: list[str] = [
        name
        for rule in alerts()
        for name in re.findall(r"increase\((\w+)\[\w+\]\)+ > 0$", rule["expr"])
    ]
    begun = {name: begun_series(reader, name) for name in waited_for}

    assert begun == {
        "agent_runtime_dlq_messages_total": {"poison", "oversize", "fatal", "exhausted"},
        "agent_runtime_audit_verify_failures_total": {"consistency", "entries"},
    }


def begun_series(reader: InMemoryMetricReader, counter: str) -> set[str]:
    """Return what tells the series of a counter apart that are shown with nothing counted yet."""
    data = reader.get_metrics_data()
    assert data
    return {
        str(point.attributes.get("error_kind") or point.attributes.get("check"))
        for resource in data.resource_metrics
        for scope in resource.scope_metrics
        for metric in scope.metrics
        if f"{metric.name}_total" == counter
        for point in metric.data.data_points
        if point.attributes
    }


def test_every_service_is_asked_for_its_figures_where_it_listens() -> None:
    jobs = {
        job["job_name"]: job
        for job in yaml.safe_load((PROMETHEUS / "prometheus.yml").read_text("utf-8"))[
            "scrape_configs"
        ]
    }
    found = {each.name: jobs[each.name]["dns_sd_configs"][0] for each in SERVICES}

    assert {name: (each["names"], each["port"]) for name, each in found.items()} == {
        each.name: ([each.name], each.port) for each in SERVICES
    }
