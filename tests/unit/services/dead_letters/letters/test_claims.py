# SPDX-License-Identifier: Apache-2.0
import pytest

from services.dead_letters.letters.claims import NO_PLACE, claim_of
from shared.messaging import headers as names
from shared.messaging.headers import Headers

CLAIM: Headers = ((names.CLAIM_CHECK, b"source/3/42"),)


def test_a_letter_without_its_value_says_where_it_lies() -> None:
    assert claim_of(None, CLAIM) == "source/3/42"


@pytest.mark.parametrize("value", [b"", b"{}"])
def test_a_letter_with_a_value_is_whole_whatever_its_headers_say(value: bytes) -> None:
    assert claim_of(value, CLAIM) is None


def test_a_tombstone_is_whole() -> None:
    assert claim_of(None, ()) is None


def test_a_claim_that_names_no_place_is_one_all_the_same() -> None:
    assert claim_of(None, ((names.CLAIM_CHECK, b""),)) == NO_PLACE
