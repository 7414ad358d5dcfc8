# SPDX-License-Identifier: Apache-2.0
"""Which calls of an agent wait for a person, by its own rules and those of who sent it."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from services.orchestrator.agents.approval import ApprovalRule
from services.orchestrator.tools.arguments import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """What a call needs: a decision in time, and perhaps of somebody who did not ask for it."""

    expires_after: timedelta
    four_eyes: bool


@dataclass(frozen=True, slots=True)
class Policy:
    """Rules in force together. A call that several match needs what the strictest of them says."""

    rules: Sequence[ApprovalRule]

    @property
    def version(self) -> str:
        """The digest of the rules: an approval holds only while they are the same."""
        rules = [rule.model_dump(mode="json") for rule in self.rules]
        return hashlib.sha256(json.dumps(rules, sort_keys=True).encode()).hexdigest()

    def consent(self, tool: str, arguments: JsonObject) -> Consent | None:
        """Return what a call needs before it is made, or None if it needs nobody."""
        matching = [rule for rule in self.rules if rule.matches(tool, arguments)]
        if not matching:
            return None
        return Consent(
            expires_after=min(rule.expires_after for rule in matching),
            four_eyes=any(rule.four_eyes for rule in matching),
        )
