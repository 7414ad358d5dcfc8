# SPDX-License-Identifier: Apache-2.0
"""All rows, by the name that measures one alone. A new row is a file here and a line below."""

from collections.abc import Awaitable, Callable, Sequence

from tests.performance.bench import Bench
from tests.performance.line import Line
from tests.performance.rows.append import append
from tests.performance.rows.consume import consume
from tests.performance.rows.full_history import full_history
from tests.performance.rows.relay import relay
from tests.performance.rows.stack import stack
from tests.performance.rows.state_anywhere import state_anywhere
from tests.performance.rows.turn import turn

Row = Callable[[Bench], Awaitable[Sequence[Line]]]

ROWS: dict[str, Row] = {
    "append": append,
    "full-history": full_history,
    "state": state_anywhere,
    "consume": consume,
    "relay": relay,
    "stack": stack,
    "turn": turn,
}
