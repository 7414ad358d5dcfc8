# SPDX-License-Identifier: Apache-2.0
"""The estimate of tokens."""

import pytest
from hypothesis import given, strategies as st

from services.agent_context.tokens import cut, estimate


@pytest.mark.parametrize(
    ("text", "tokens"), [("", 4), ("a", 5), ("abcd", 5), ("abcde", 6), ("жжжж", 6), ("日本", 6)]
)
def test_four_bytes_are_a_token_and_a_message_costs_four(text: str, tokens: int) -> None:
    assert estimate(text) == tokens


@given(st.text(), st.integers(4, 60))
def test_what_was_cut_fits_and_is_the_beginning(text: str, budget: int) -> None:
    shorter = cut(text, budget)

    assert text.startswith(shorter)
    assert estimate(shorter) <= budget


@given(st.text(max_size=20))
def test_what_fits_is_not_cut(text: str) -> None:
    assert cut(text, estimate(text)) == text
