# SPDX-License-Identifier: Apache-2.0
from hypothesis import given, strategies as st

from shared.eventstore.headers import headers_from_json, headers_to_json
from shared.messaging.headers import Headers

ANY_HEADERS = st.lists(
    st.tuples(st.text(max_size=20), st.none() | st.binary(max_size=20)), max_size=8
).map(tuple)


@given(ANY_HEADERS)
def test_headers_come_back_as_they_were(headers: Headers) -> None:
    assert headers_from_json(headers_to_json(headers)) == headers


def test_text_stays_readable() -> None:
    headers: Headers = (("ce_id", b"1"), ("snow", "☃".encode()), ("blob", b"\xff"), ("none", None))

    assert headers_to_json(headers) == (
        '[["ce_id","1"],["snow","☃"],["blob",{"base64":"/w=="}],["none",null]]'
    )
