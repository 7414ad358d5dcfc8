# SPDX-License-Identifier: Apache-2.0
from datetime import timedelta
from typing import Any

import pytest
import typer

from services.orchestrator.api.outbox_views import OutboxView, ReplayView
from shared.events import MessageReceived, Topics
from shared.messaging import encode
from shared.outbox.contents import Contents, Share, Waiting
from tests.support.agentctl import Agentctl
from tests.support.clock import NOON
from tests.support.factories import an_event
from tests.support.http_answers import HttpAnswers

OUTBOX = "/orchestrator/v1/outbox"
REPLAYS = f"POST {OUTBOX}/replays"


def outbox_view(*, waiting: int) -> Any:
    event = an_event(MessageReceived, session_id="s-1").recorded(sequence=7, source="/s-1")
    records = [
        Waiting(
            position=position, record=encode(event, Topics()), recorded_at=NOON, again=position == 1
        )
        for position in range(1, waiting + 1)
    ]
    shares = [Share(name="s-1", waiting=waiting, oldest=NOON)] if waiting else []
    found = Contents(
        waiting=waiting,
        oldest=NOON if waiting else None,
        kept=3,
        kept_since=NOON,
        topics=shares,
        keys=shares,
    )
    view = OutboxView.of(found, records, limit=2, retention=timedelta(days=1))
    return view.model_dump(mode="json")


def replay_view(*, dry_run: bool) -> Any:
    return ReplayView(records=3, dry_run=dry_run).model_dump(mode="json")


def test_what_waits_is_shown_with_its_age_and_its_place_in_line(
    agentctl: Agentctl, services: HttpAnswers
) -> None:
    services.on(f"GET {OUTBOX}", outbox_view(waiting=3))

    outcome = agentctl("outbox", "list", "--session", "s-1", "--topic", "t", "--limit", "2")

    assert outcome.code == 0
    for text in ("3 events, the oldest for", "domain.message_received.v1", "again", "s-1", "7"):
        assert text in outcome.out
    assert "more: --cursor 2" in outcome.out
    assert services.asked[0].query == {"session": ["s-1"], "topic": ["t"], "limit": ["2"]}
    assert outcome.widest <= 100


def test_an_empty_outbox_says_what_is_kept(agentctl: Agentctl, services: HttpAnswers) -> None:
    services.on(f"GET {OUTBOX}", outbox_view(waiting=0))

    outcome = agentctl("outbox", "list")

    assert "0 events" in outcome.out
    assert "3 published events since" in outcome.out
    assert "for 1 day" in outcome.out


@pytest.mark.parametrize(
    "which", [(), ("--from", "1h"), ("--to", "1h"), ("--session", "s-1", "--from", "2h")]
)
def test_without_saying_what_nothing_is_published_again(
    agentctl: Agentctl, services: HttpAnswers, which: tuple[str, ...]
) -> None:
    outcome = agentctl("outbox", "replay", *which)

    assert (outcome.code, services.asked) == (1, [])


def test_a_time_is_published_again(agentctl: Agentctl, services: HttpAnswers) -> None:
    services.on(REPLAYS, replay_view(dry_run=False))

    outcome = agentctl(
        *("outbox", "replay", "--from", "2026-03-01T12:00:00", "--to", "2026-03-01T13:00:00Z"),
        *("--by", "ada", "--reason", "the topic was lost"),
    )

    assert (outcome.code, outcome.out) == (0, "3 records to be published again\n")
    assert services.asked[0].body == {
        "recorded_from": "2026-03-01T12:00:00+00:00",
        "recorded_until": "2026-03-01T13:00:00+00:00",
        "operator": "ada",
        "reason": "the topic was lost",
        "dry_run": False,
    }
    assert services.asked[0].headers["idempotency-key"]


def test_a_dry_run_only_asks(agentctl: Agentctl, services: HttpAnswers) -> None:
    services.on(REPLAYS, replay_view(dry_run=True))

    outcome = agentctl("outbox", "replay", "--session", "s-1", "--dry-run")

    assert outcome.out == "3 records would be published again\n"
    assert [each.body["dry_run"] for each in services.asked] == [True]


def test_a_person_is_asked_before(
    agentctl: Agentctl, services: HttpAnswers, monkeypatch: pytest.MonkeyPatch
) -> None:
    services.on(REPLAYS, replay_view(dry_run=True))
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)

    def no(question: str, **_: Any) -> None:
        assert question == "publish 3 records again?"
        raise typer.Abort

    monkeypatch.setattr("typer.confirm", no)

    outcome = agentctl("outbox", "replay", "--session", "s-1")

    assert outcome.code == 1
    assert [each.body["dry_run"] for each in services.asked] == [True]
