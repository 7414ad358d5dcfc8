# SPDX-License-Identifier: Apache-2.0
"""Numbers that add up to the same sum in whatever portions they are added.

Sums of floats depend on the order of adding, and long decimals are rounded on the way. A read model
that is built again has to come out the same, so durations are added as whole microseconds, and
amounts to a fixed number of places.
"""

from decimal import Decimal

from services.persistence.projections.fit import MAX_ADDEND

_PLACES = Decimal("1e-12")
_MAX_SECONDS = MAX_ADDEND / 1_000_000


def microseconds(seconds: float) -> int:
    """Return a duration that can be added."""
    return round(min(seconds, _MAX_SECONDS) * 1_000_000)


def money(amount: Decimal | None) -> Decimal | None:
    """Return an amount that can be added; None where it is not known."""
    if amount is None:
        return None
    bounded = min(max(amount, Decimal(-MAX_ADDEND)), Decimal(MAX_ADDEND))
    return bounded.quantize(_PLACES)
