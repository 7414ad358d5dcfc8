# SPDX-License-Identifier: Apache-2.0
from string import ascii_letters, digits

import pytest
from hypothesis import given, strategies as st

from shared.scrubbing import is_secret_name, scrub

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"

SECRETS = [
    ("postgresql://audit:hunter2@db:5432/x", "postgresql://audit:***@db:5432/x"),
    ("redis://:hunter2@cache/0", "redis://:***@cache/0"),
    ("https://me:hunter2@a@host/path?q=1", "https://me:***@host/path?q=1"),
    ("Authorization: Bearer abcdefgh12345678", "Authorization: Bearer ***"),
    ("sent with bearer abcdefgh12345678 to x", "sent with bearer *** to x"),
    ("authorization: Basic aHVudGVyMjpodW50ZXIy", "authorization: Basic ***"),
    (f"got {JWT} from x", "got *** from x"),
    ("key sk-proj-abcdefgh1234 was refused", "key *** was refused"),
    ("key sk-ant-api03-abc_def-1234 was refused", "key *** was refused"),
    ("AKIAIOSFODNN7EXAMPLE in us-east-1", "*** in us-east-1"),
    ("push with ghp_abcdefghijklmnopqrstuvwx", "push with ***"),
    ("password=hunter2 user=me", "password=*** user=me"),
    ("DATABASE_PASSWORD=hunter2", "DATABASE_PASSWORD=***"),
    ("GET /x?api_key=hunter2&limit=5", "GET /x?api_key=***&limit=5"),
    ("GET /x?key=hunter2", "GET /x?key=***"),
    ('{"api_key": "hunter2", "limit": 5}', '{"api_key": ***, "limit": 5}'),
    ("{'client_secret': 'hunter 2', 'limit': 5}", "{'client_secret': ***, 'limit': 5}"),
    ('{\\"password\\": \\"hunter2\\"}', '{\\"password\\": ***}'),
    ("X-Auth-Token: hunter2", "X-Auth-Token: ***"),
    (
        "before -----BEGIN RSA PRIVATE KEY-----\nhunter2\n-----END RSA PRIVATE KEY----- after",
        "before *** after",
    ),
    ("cut off -----BEGIN PRIVATE KEY-----\nhunter2", "cut off ***"),
]

HARMLESS = [
    "",
    "turn finished",
    "input_tokens=5 output_tokens=7 max_tokens: 100",
    "http://127.0.0.1:8000/v1/sessions",
    "http://collector:4318/v1/traces?at=me@example.org",
    "record key 42 of monkey=business",
    "Basic rules apply",
    "passwords are hashed",
    "mail me@example.org",
    "risk-free task-list",
]


@pytest.mark.parametrize(("text", "scrubbed"), SECRETS)
def test_a_secret_is_masked_and_the_rest_is_left(text: str, scrubbed: str) -> None:
    assert scrub(text) == scrubbed


@pytest.mark.parametrize("text", HARMLESS)
def test_what_is_no_secret_is_left(text: str) -> None:
    assert scrub(text) == text


@pytest.mark.parametrize("text", [text for text, _ in SECRETS] + HARMLESS)
def test_scrubbing_twice_is_scrubbing_once(text: str) -> None:
    assert scrub(scrub(text)) == scrub(text)


@given(st.text(alphabet=ascii_letters + digits + "@!$%&*", min_size=1))
def test_no_password_of_a_url_remains(password: str) -> None:
    assert scrub(f"amqp://user:{password}@host/x") == "amqp://user:***@host/x"


@pytest.mark.parametrize("text", ["a" * 100_000, "a-" * 50_000, "eyJ" * 30_000, "key=" * 25_000])
def test_long_text_takes_no_quadratic_time(text: str) -> None:
    scrub(text)  # the time limit of the test is the assertion


@pytest.mark.parametrize(
    "name", ["password", "api_key", "X-Api-Key", "client_secret", "Authorization", "key", "token"]
)
def test_a_name_of_a_secret_is_known(name: str) -> None:
    assert is_secret_name(name)


@pytest.mark.parametrize("name", ["tokens", "input_tokens", "key_id", "monkey", "topic", ""])
def test_a_name_of_something_else_is_not(name: str) -> None:
    assert not is_secret_name(name)
