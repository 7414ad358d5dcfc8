# SPDX-License-Identifier: Apache-2.0
"""What an answer cost."""

from decimal import Decimal

from pydantic_ai.messages import ModelResponse


def cost_in_usd(response: ModelResponse) -> Decimal | None:
    """Return the cost: the provider's own figure, or the list price, or None if neither is known.

    The price list comes with a library and is not fetched, so models that are newer than it have
    no price.
    """
    if response.usage.cost is not None:
        return response.usage.cost
    if not response.model_name:
        return None
    try:
        return response.cost().total_price
    except (LookupError, ValueError):
        return None
