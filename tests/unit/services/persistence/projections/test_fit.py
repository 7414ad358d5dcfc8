# SPDX-License-Identifier: Apache-2.0
from datetime import datetime
from decimal import Decimal

import pytest
from hypothesis import given, strategies as st

from services.persistence.projections.exact import microseconds, money
from services.persistence.projections.fit import (
    MAX_ADDEND,
    MAX_INTEGER,
    MAX_KEY,
    MAX_NUMBER,
    fit,
    fit_addend,
    fit_key,
)


@pytest.mark.parametrize(
    ("value", "bounded"),
    [
        ("a\0b", "a\ufffdb"),
        ("text", "text"),
        (2**70, MAX_INTEGER),
        (-(2**70), -MAX_INTEGER),
        (1e300, float(MAX_NUMBER)),
        (Decimal("1e400000"), Decimal(MAX_NUMBER)),
        (True, True),
        (None, None),
    ],
)
def test_values_are_bounded(value: object, bounded: object) -> None:
    assert fit(value) == bounded
    assert type(fit(value)) is type(value)


def test_times_stay_where_the_database_has_room() -> None:
    for text in ("2026-11-22T09:00:00+02:00", "0001-01-01T00:00:00Z", "9999-12-31T23:00:00Z"):
        moment = datetime.fromisoformat(text)
        assert fit(moment) == moment
    assert fit(datetime.fromisoformat("0001-01-01T00:00:00+14:00")) is None
    assert fit(datetime.fromisoformat("9999-12-31T23:00:00-05:00")) is None


def test_long_keys_are_shortened_and_stay_apart() -> None:
    first, second = fit_key("k" * 5_000 + "1"), fit_key("k" * 5_000 + "2")

    assert first != second
    assert len(first) <= MAX_KEY
    assert fit_key("k" * MAX_KEY) == "k" * MAX_KEY


def test_addends_are_bounded() -> None:
    assert fit_addend(2**70) == MAX_ADDEND
    assert fit_addend(-(2**70)) == -MAX_ADDEND
    assert fit_addend(5) == 5


@given(st.lists(st.floats(0, 1e308), max_size=20).flatmap(lambda v: st.permutations(v)))
def test_durations_add_up_in_any_order(seconds: list[float]) -> None:
    total = sum(microseconds(each) for each in seconds)

    assert total == sum(microseconds(each) for each in reversed(seconds))
    assert microseconds(0.25) == 250_000


@given(st.lists(st.decimals(-(10**15), 10**15), max_size=20))
def test_amounts_add_up_in_any_order(amounts: list[Decimal]) -> None:
    exact = [each for each in map(money, amounts) if each is not None]

    assert sum(exact) == sum(reversed(exact))
    assert money(None) is None
    assert money(Decimal("0.0125")) == Decimal("0.0125")
    assert money(Decimal("1e400")) == MAX_ADDEND
