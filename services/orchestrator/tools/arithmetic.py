# SPDX-License-Identifier: Apache-2.0
"""The value of an arithmetic expression, computed without running any code.

The expression is parsed by Python and walked by us: numbers, ``+ - * / // % **``, signs and
parentheses are known, and everything else (names, calls, attributes) is refused. Sizes are checked
before they are computed, so ``9**9**9`` is refused at once instead of filling the memory.
"""

import ast
import math
import operator
from collections.abc import Callable

Number = int | float

MAX_LENGTH = 200
MAX_DEPTH = 50
MAX_BITS = 4096

_BINARY: dict[type[ast.operator], Callable[[Number, Number], Number]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: lambda left, right: left / right,
    ast.FloorDiv: lambda left, right: left // right,
    ast.Mod: operator.mod,
}


def evaluate(expression: str) -> Number:
    """Return the value of ``expression``.

    Raises:
        ValueError: it is no arithmetic, has no value, or one that is too large.
    """
    if len(expression) > MAX_LENGTH:
        raise ValueError(f"an expression has at most {MAX_LENGTH} characters")
    tree = _parsed(expression.strip())
    try:
        value = _value(tree.body, depth=0)
    except ZeroDivisionError:
        raise ValueError("division by zero has no value") from None
    except OverflowError:
        raise ValueError("the value is too large") from None
    return _bounded(value)


def _parsed(expression: str) -> ast.Expression:
    try:
        return ast.parse(expression, mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # a NUL is either of the first
        raise ValueError("this is no arithmetic; write numbers, + - * / // % ** and ()") from None


def _value(node: ast.expr, *, depth: int) -> Number:
    if depth > MAX_DEPTH:
        raise ValueError(f"parentheses go at most {MAX_DEPTH} deep")
    match node:
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            return _bounded(number)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_value(operand, depth=depth + 1)
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return _value(operand, depth=depth + 1)
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            return _power(_value(left, depth=depth + 1), _value(right, depth=depth + 1))
        case ast.BinOp(left=left, op=sign, right=right) if type(sign) in _BINARY:
            operands = _value(left, depth=depth + 1), _value(right, depth=depth + 1)
            return _bounded(_BINARY[type(sign)](*operands))
        case _:
            raise ValueError("only numbers, + - * / // % ** and () are known")


def _power(base: Number, exponent: Number) -> Number:
    if isinstance(base, int) and isinstance(exponent, int) and exponent >= 0:
        at_least = (base.bit_length() - 1) * exponent
        if at_least > MAX_BITS:
            raise ValueError("the value is too large")
        return _bounded(int(base**exponent))
    value: object = float(base) ** float(exponent)
    if not isinstance(value, float):
        raise ValueError("this root has no real value")  # noqa: TRY004 -- the number is wrong, not its type
    return _bounded(value)


def _bounded(value: Number) -> Number:
    if isinstance(value, int):
        if value.bit_length() > MAX_BITS:
            raise ValueError("the value is too large")
        return value
    if not math.isfinite(value):
        raise ValueError("the value is too large")
    return value
