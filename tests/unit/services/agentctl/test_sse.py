# SPDX-License-Identifier: Apache-2.0
from services.agentctl.sse import Item, parse


def test_items_are_read_and_signs_of_life_are_left_out() -> None:
    lines = [
        ": connected", "retry: 1000", "",
        "id: 7", "data: {}", "",
        "event: text", "data: one", "data:two", "",
        ": ping", "",
        "event: end", "",
        "data: cut off",
    ]  # fmt: skip

    assert list(parse(lines)) == [
        Item(id=7, data="{}"),
        Item(name="text", data="one\ntwo"),
    ]
