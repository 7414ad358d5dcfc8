# SPDX-License-Identifier: Apache-2.0
import pytest

from services.orchestrator.tools.calculate import CALCULATE
from services.orchestrator.tools.errors import ToolError
from services.orchestrator.tools.tool import ToolContext


async def test_the_value_is_given_as_text(context: ToolContext) -> None:
    result = await CALCULATE.call({"expression": "2*(3+4)"}, context)

    assert result.content == "14"


async def test_what_cannot_be_computed_is_told_with_the_expression(context: ToolContext) -> None:
    with pytest.raises(ToolError, match="'1/0': division by zero"):
        await CALCULATE.call({"expression": "1/0"}, context)
