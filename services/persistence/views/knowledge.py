# SPDX-License-Identifier: Apache-2.0
"""What each agent knew at a point of a session, as it is said."""

from services.persistence.settling import UNDECIDED
from services.persistence.views.read_models import Approval, Message
from services.persistence.views.state import State
from services.persistence.views.view import View


class AgentKnowledge(View):
    """What an agent had before it: the last messages, and the questions that waited for a person.

    An agent that was in charge before knows what there was at ``sequence``, its last event.
    """

    agent: str
    in_charge: bool
    sequence: int
    messages: list[Message]
    approvals: list[Approval]


class Knowledge(View):
    """What each agent knew after the event ``sequence``; the one in charge is the first."""

    session_id: str
    sequence: int
    agents: list[AgentKnowledge]


def agent_knowledge(agent: str, state: State, *, in_charge: bool) -> AgentKnowledge:
    """Return what an agent knew in a state."""
    return AgentKnowledge(
        agent=agent,
        in_charge=in_charge,
        sequence=state.sequence,
        messages=state.messages,
        approvals=[each for each in state.approvals if each.status == UNDECIDED],
    )
