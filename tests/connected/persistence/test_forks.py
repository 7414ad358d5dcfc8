# SPDX-License-Identifier: Apache-2.0
"""Sessions that began with the past of others, seen from both sides."""

import pytest

from shared.events import MessageReceived, SessionCreated, SessionForked
from tests.support.conversations import Recorder, conversation
from tests.support.history import TestHistory

pytestmark = pytest.mark.connected

ORIGINAL = "session-1"


async def take_fork(history: TestHistory, session_id: str, *, of: str, at: int) -> None:
    record = Recorder(session_id)
    record.add(SessionCreated, agent="coder", created_by="ann", title=f"fork {session_id}")
    record.add(SessionForked, direction="from", other_session_id=of, at_sequence=at)
    record.add(MessageReceived, message_content="again", message_length=5, turn_id="t")
    await history.take(*record.events)


@pytest.fixture
async def family(history: TestHistory) -> TestHistory:
    """The original with two forks, of which one was forked again; and a stranger."""
    await history.take(*conversation(ORIGINAL), *conversation("stranger"))
    await take_fork(history, "late", of=ORIGINAL, at=20)
    await take_fork(history, "early", of=ORIGINAL, at=5)
    await take_fork(history, "again", of="late", at=2)
    return history


async def test_a_session_says_what_it_was_forked_from_and_its_forks(family: TestHistory) -> None:
    original = await family.get(f"/v1/sessions/{ORIGINAL}")
    late = await family.get("/v1/sessions/late")

    found = [(each["session_id"], each["forked_at_sequence"]) for each in original["forks"]]
    assert found == [("early", 5), ("late", 20)]
    assert (late["forked_from"], late["forked_at_sequence"]) == (ORIGINAL, 20)
    assert [each["session_id"] for each in late["forks"]] == ["again"]


async def test_forks_are_found_by_their_original(family: TestHistory) -> None:
    page = await family.get("/v1/sessions", forked_from=ORIGINAL)

    assert {each["session_id"] for each in page["items"]} == {"early", "late"}


async def test_the_timeline_marks_where_forks_begin(family: TestHistory) -> None:
    lines = (await family.get(f"/v1/sessions/{ORIGINAL}/timeline", limit=18))["items"]
    rest = await family.get(f"/v1/sessions/{ORIGINAL}/timeline", from_sequence=19)

    marked = {each["sequence"]: each["forks"] for each in [*lines, *rest["items"]] if each["forks"]}
    assert marked == {5: ["early"], 20: ["late"]}


@pytest.mark.parametrize("of", [ORIGINAL, "early", "late", "again"])
async def test_the_tree_of_forks_is_the_same_from_wherever_one_looks(
    family: TestHistory, of: str
) -> None:
    tree = await family.get(f"/v1/sessions/{of}/forks")

    assert (tree["session_id"], tree["truncated"]) == (of, False)
    assert [(each["session_id"], each["depth"]) for each in tree["items"]] == [
        (ORIGINAL, 0),
        ("early", 1),
        ("late", 1),
        ("again", 2),
    ]


async def test_an_original_that_is_not_here_does_not_hide_its_fork(history: TestHistory) -> None:
    """As of a fork that was imported without what it was forked from."""
    await take_fork(history, "fork", of="elsewhere", at=7)

    [only] = (await history.get("/v1/sessions/fork/forks"))["items"]

    assert (only["session_id"], only["forked_from"], only["depth"]) == ("fork", "elsewhere", 0)


async def test_sessions_that_claim_to_be_each_others_forks_end_somewhere(
    history: TestHistory,
) -> None:
    """Nobody is looked at twice."""
    await take_fork(history, "hen", of="egg", at=1)
    await take_fork(history, "egg", of="hen", at=1)

    tree = await history.get("/v1/sessions/hen/forks")

    assert {each["session_id"] for each in tree["items"]} == {"hen", "egg"}
    assert len(tree["items"]) == 2


async def test_an_unknown_session_has_none(history: TestHistory) -> None:
    await history.get("/v1/sessions/nobody/forks", 404)
