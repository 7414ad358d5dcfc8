# SPDX-License-Identifier: Apache-2.0
import unicodedata

from hypothesis import given, strategies as st

from services.agentctl.text import one_line, quoted, safe


def test_what_could_steer_a_terminal_is_written_out() -> None:
    assert safe("\x1b[31mred\x07") == "\\x1b[31mred\\x07"
    assert safe("\x9b2J") == "\\x9b2J"
    assert safe("a\u202eb") == "a\\u202eb"
    assert safe("a\nb\tc é 漢") == "a\nb\tc é 漢"


def test_a_line_is_one_line_of_limited_length() -> None:
    assert one_line("a\r\n b\tc") == "a b c"
    assert one_line("x" * 20, limit=10) == "x" * 9 + "…"


@given(st.text())
def test_no_control_character_gets_through(text: str) -> None:
    controls = {each for each in safe(text) if unicodedata.category(each) == "Cc"}

    assert controls <= {"\n", "\t"}


def test_a_name_is_one_part_of_a_path() -> None:
    assert quoted("../v1/counts?x#y") == "..%2Fv1%2Fcounts%3Fx%23y"
