# SPDX-License-Identifier: Apache-2.0
from typing import Any

import pytest
from pydantic import ValidationError

from services.orchestrator.api.tool_results import ToolResultBody, checked_text
from services.orchestrator.api.views import NewSession
from shared.http import Problem


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"result": "as it is"}, "as it is"),
        ({"result": {"b": [1, None], "a": "é"}}, '{"a":"é","b":[1,null]}'),
        ({"result": None}, "null"),
        ({"result": 4.5}, "4.5"),
        ({"error": "no"}, "no"),
    ],
)
def test_the_model_is_told_text_as_it_is_and_all_else_as_json(
    body: dict[str, Any], text: str
) -> None:
    assert checked_text(ToolResultBody.model_validate(body)) == text


@pytest.mark.parametrize("body", [{}, {"result": 1, "error": "x"}, {"error": None}])
def test_a_body_has_either_a_result_or_an_error(body: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="either"):
        ToolResultBody.model_validate(body)


@pytest.mark.parametrize(
    ("result", "status"),
    [
        ("x" * 100_001, 413),
        (["x" * 100_000], 413),
        (float("nan"), 422),
        ({"a": "\ud800"}, 422),
        ("\ud800", 422),
    ],
)
def test_what_is_too_long_or_cannot_be_recorded_is_refused(result: Any, status: int) -> None:
    with pytest.raises(Problem) as problem:
        checked_text(ToolResultBody.model_construct({"result"}, result=result, error=None))

    assert problem.value.status == status


@pytest.mark.parametrize(
    ("tools", "said"),
    [
        ([{"name": "a b"}], "pattern"),
        ([{"name": "a"}, {"name": "a"}], "one name"),
        ([{"name": f"a{number}"} for number in range(33)], "at most 32"),
        ([{"name": "a", "timeout": 0}], "greater than or equal"),
        ([{"name": "a", "parameters": {"type": "array"}}], "type object"),
    ],
)
def test_tools_of_clients_are_checked_when_they_are_brought(
    tools: list[dict[str, Any]], said: str
) -> None:
    described = [{"description": "does it", **each} for each in tools]

    with pytest.raises(ValidationError, match=said):
        NewSession.model_validate({"client_tools": described})
