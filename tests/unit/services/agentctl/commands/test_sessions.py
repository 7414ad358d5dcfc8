# SPDX-License-Identifier: Apache-2.0
from datetime import UTC, datetime
from decimal import Decimal
from typing import Literal

from services.persistence.views.read_models import Message, Session, SessionDetail
from services.persistence.views.view import Gap, Page
from tests.support.agentctl import Agentctl
from tests.support.http_answers import HttpAnswers

MOMENT = datetime(2026, 3, 1, 12, tzinfo=UTC)
SESSION = Session(
    session_id="01890a5d-ac96-774b-bcce-b302099a8057",
    state="active",
    agent="coder",
    title="\x1b[2J a title",
    created_by="ann",
    messages=4,
    turns=2,
    tool_calls=3,
    failed_tool_calls=1,
    input_tokens=120,
    output_tokens=30,
    cost_usd=Decimal("0.0123"),
    last_sequence=42,
    created_at=MOMENT,
    updated_at=MOMENT,
)
PATH = f"GET /persistence/v1/sessions/{SESSION.session_id}"


def message(
    sequence: int, *, role: Literal["user", "assistant"], agent: str | None, content: str
) -> Message:
    return Message(
        session_id=SESSION.session_id,
        sequence=sequence,
        message_id="m",
        role=role,
        agent=agent,
        content=content,
        created_at=MOMENT,
    )


def test_sessions_are_listed(agentctl: Agentctl, services: HttpAnswers) -> None:
    page = Page[Session](items=[SESSION], next="more")
    services.on("GET /persistence/v1/sessions", page.model_dump(mode="json"))

    outcome = agentctl("sessions", "list", "--state", "active", "--search", "a b", "--limit", "3")

    assert outcome.code == 0
    for text in (SESSION.session_id, "active", "coder", "0.0123 USD", "2026-03-01 12:00"):
        assert text in outcome.out
    assert "--cursor more" in outcome.out
    assert outcome.widest <= 100
    assert services.asked[0].query == {"state": ["active"], "q": ["a b"], "limit": ["3"]}


def test_no_sessions_are_said_to_be_none(agentctl: Agentctl, services: HttpAnswers) -> None:
    services.on("GET /persistence/v1/sessions", {"items": [], "next": None})

    assert agentctl("sessions", "list").out == "no sessions\n"


def test_a_session_is_shown_with_its_messages_and_what_is_missing(
    agentctl: Agentctl, services: HttpAnswers
) -> None:
    detail = SessionDetail(
        **SESSION.model_dump(), stored_until=42, gaps=[Gap(first=7, last=9)], discarded=[4]
    ).model_dump(mode="json")
    messages = [
        message(2, role="user", agent=None, content="what is\n1 + 1"),
        message(9, role="assistant", agent="coder", content="2"),
    ]
    page = Page[Message](items=messages, next=None).model_dump(mode="json")
    services.on(PATH, detail)
    services.on(f"{PATH}/messages", page)

    outcome = agentctl("sessions", "show", SESSION.session_id)

    for text in (
        "3, 1 failure",
        "120 in, 30 out",
        "by ann",
        "events 7 to 9 are missing",
        "event 4 was discarded",
        "user  what is 1 + 1",
        "coder  2",
        "\\x1b[2J a title",
    ):
        assert text in outcome.out, text
    as_json = agentctl("sessions", "show", SESSION.session_id, "--json").data
    assert as_json == {"session": detail, "messages": page}
