# SPDX-License-Identifier: Apache-2.0
from pathlib import Path

import pytest

from deploy.embedded.log_file import keep_previous, last_error_line


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "service.log"


def test_the_last_line_of_trouble_is_found_among_others(log: Path) -> None:
    log.write_text("starting\nValueError: no\nat line 3\n\n")

    assert last_error_line(log) == "ValueError: no"


def test_without_trouble_it_is_the_last_line(log: Path) -> None:
    log.write_text("starting\nbye\n\n")

    assert last_error_line(log) == "bye"


def test_a_record_in_json_is_its_level_message_and_exception(log: Path) -> None:
    log.write_text(
        '{"level": "ERROR", "message": "cannot start", "exc_info": "Traceback\\nKeyError: 1"}\n'
    )

    assert last_error_line(log) == "ERROR cannot start KeyError: 1"


def test_records_that_tell_of_no_trouble_are_not_mentioned(log: Path) -> None:
    log.write_text('{"level": "INFO", "message": "no error so far"}\n')

    assert last_error_line(log) == ""


def test_colours_are_taken_out(log: Path) -> None:
    log.write_text("\x1b[31mERROR\x1b[0m address in use\n")

    assert last_error_line(log) == "ERROR address in use"


def test_what_an_earlier_run_wrote_is_not_looked_at(log: Path) -> None:
    log.write_text("ValueError: of yesterday\n")
    since = log.stat().st_size
    with log.open("a") as file:
        file.write("hello\n")

    assert last_error_line(log, since=since) == "hello"


def test_a_long_line_is_cut(log: Path) -> None:
    log.write_text("error " + "x" * 1000)

    assert len(last_error_line(log)) == 301


@pytest.mark.parametrize("content", [b"", b"\n\n"])
def test_an_empty_log_has_no_last_line(log: Path, content: bytes) -> None:
    log.write_bytes(content)

    assert last_error_line(log) == ""


def test_a_log_that_is_not_there_has_no_last_line(log: Path) -> None:
    assert last_error_line(log) == ""


def test_bytes_that_are_no_text_do_not_hide_the_error(log: Path) -> None:
    log.write_bytes(b"\xff\xfe error\n{not json\n")

    assert last_error_line(log).endswith("error")


def test_the_log_of_the_last_run_is_put_aside(log: Path) -> None:
    log.write_text("old")

    keep_previous(log)

    assert not log.exists()
    assert log.with_name("service.log.1").read_text() == "old"
