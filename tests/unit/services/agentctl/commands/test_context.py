# SPDX-License-Identifier: Apache-2.0
from services.agent_context.context import Context, Message, OpenApproval, Switch
from tests.support.agentctl import Agentctl
from tests.support.http_answers import HttpAnswers

PATH = "GET /agent_context/v1/sessions/s-1/context"
CONTEXT = Context(
    session_id="s-1",
    sequence=12,
    agent="coder",
    window_tokens=7,
    messages=(
        Message(sequence=2, role="user", message_id="m", turn_id="t", content="hello", tokens=3),
        Message(
            sequence=9,
            role="assistant",
            agent="coder",
            message_id="n",
            turn_id="t",
            content="\x1b[2J hi",
            tokens=4,
        ),
    ),
    switches=(Switch(sequence=4, from_agent="orchestrator", to_agent="coder", reason="code"),),
    approvals=(
        OpenApproval(
            sequence=8,
            approval_id="a-1",
            turn_id="t",
            agent="coder",
            tool="write_file",
            call_id="c",
            arguments_digest="d",
        ),
    ),
).model_dump(mode="json")


def test_what_an_agent_knows_is_shown(agentctl: Agentctl, services: HttpAnswers) -> None:
    services.on(PATH, CONTEXT)

    outcome = agentctl("context", "s-1")

    assert outcome.code == 0
    for text in (
        "coder",
        "7 tokens",
        "orchestrator → coder: code",
        "waits for a person: write_file (a-1)",
        "user  hello",
        "coder  \\x1b[2J hi",
    ):
        assert text in outcome.out, text
    assert agentctl("context", "s-1", "--json").data == CONTEXT


def test_a_session_of_any_name_is_asked_for_as_one(
    agentctl: Agentctl, services: HttpAnswers
) -> None:
    agentctl("context", "../../v1/counts?a")

    assert services.asked[0].path.endswith("/v1/sessions/..%2F..%2Fv1%2Fcounts%3Fa/context")
