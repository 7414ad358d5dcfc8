# SPDX-License-Identifier: Apache-2.0
import pytest

from services.dead_letters.letters.fingerprints import fingerprint

PARTS = ("spring", "billing", "unknown", "java.lang.IllegalStateException")
STACK = "x.Y: order {}\n\tat com.acme.Billing.on(Billing.java:{})\n\tat java.Thread.run(T.java:1)"


def of(*, message: str | None = None, stack: str | None = None, given: bytes | None = None) -> str:
    return fingerprint(given, parts=PARTS, message=message, stack=stack)


def test_a_fingerprint_of_ours_is_taken_as_it_is() -> None:
    assert of(given=b"0123456789abcdef") == "0123456789abcdef"


@pytest.mark.parametrize("given", [b"", b"0123456789ABCDEF", b"0123", b"\xff" * 16])
def test_what_is_no_fingerprint_of_ours_is_replaced(given: bytes) -> None:
    assert of(given=given) == of()


def test_failures_at_one_place_have_one_fingerprint_whatever_the_line() -> None:
    first = of(message="order 1", stack=STACK.format(1, 40))

    assert first == of(message="order 2", stack=STACK.format(2, 42))
    assert first != of(message="order 1", stack=STACK.replace("Billing.on", "Billing.off"))


def test_without_a_stack_the_message_counts_but_not_its_numbers() -> None:
    first = of(message="order 17 of 01890a5d-ac96-774b-bcce-b302099a8057 is late")

    assert first == of(message="order 18 of 0a890a5d-ac96-774b-bcce-b302099a8058 is late")
    assert first != of(message="order 17 of 01890a5d-ac96-774b-bcce-b302099a8057 is lost")
