# SPDX-License-Identifier: Apache-2.0
"""Makes instruments of a class whose body is a table of metrics."""

from collections.abc import Callable
from typing import Generic, Self, TypeVar, cast, overload

from opentelemetry.metrics import Meter

from shared.telemetry.cardinality import Label
from shared.telemetry.counter import Counter
from shared.telemetry.definition import Definition
from shared.telemetry.gauge import Gauge
from shared.telemetry.histogram import Histogram, OnNegative

AnyInstrument = Counter | Gauge | Histogram
Made = TypeVar("Made", Counter, Gauge, Histogram)

SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0)
SIZES = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0, 2000.0, 5000.0, 10000.0)


class InstrumentTable:
    """The instruments of a process; a subclass names them in its body.

    Args:
        meter: whose readers collect the counters and gauges.
        on_negative: told when a histogram was given negative values.
    """

    def __init__(self, meter: Meter, on_negative: OnNegative) -> None:
        self._made: dict[str, AnyInstrument] = {}
        for row in rows(type(self)):
            made = row.build(row.definition, on_negative)
            self._made[row.definition.name] = made
            if not isinstance(made, Histogram):
                made.register(meter)

    def made(self, name: str) -> AnyInstrument:
        """Return the instrument called ``name`` in the table."""
        return self._made[name]

    def histograms(self) -> list[Histogram]:
        """Return the instruments that hand their data to the readers themselves."""
        return [made for made in self._made.values() if isinstance(made, Histogram)]

    @classmethod
    def definitions(cls) -> tuple[Definition, ...]:
        """Return the table, in the order it is written in."""
        return tuple(row.definition for row in rows(cls))


class Row(Generic[Made]):
    """A row of a table: itself on the class, its instrument on an instance."""

    def __init__(
        self, definition: Definition, build: Callable[[Definition, OnNegative], Made]
    ) -> None:
        self.definition = definition
        self.build: Callable[[Definition, OnNegative], Made] = build

    @overload
    def __get__(self, instance: None, owner: type[InstrumentTable]) -> Self: ...
    @overload
    def __get__(self, instance: InstrumentTable, owner: type[InstrumentTable]) -> Made: ...
    def __get__(
        self, instance: InstrumentTable | None, owner: type[InstrumentTable]
    ) -> "Self | Made":
        """Return the instrument that ``instance`` made of this row."""
        if instance is None:
            return self
        return cast("Made", instance.made(self.definition.name))


def rows(table: type[InstrumentTable]) -> list[Row[Counter] | Row[Gauge] | Row[Histogram]]:
    """Return the rows in the body of ``table`` and of the tables it extends."""
    return [
        value
        for owner in reversed(table.__mro__)
        for value in vars(owner).values()
        if isinstance(value, Row)
    ]


def counter(name: str, unit: str, meaning: str, *labels: Label) -> Row[Counter]:
    """Declare a number that only grows; ``name`` ends in ``_total``."""
    definition = Definition(name=name, kind="counter", unit=unit, meaning=meaning, labels=labels)
    return Row(definition, lambda row, _: Counter(row))


def gauge(name: str, unit: str, meaning: str, *labels: Label) -> Row[Gauge]:
    """Declare a number that goes up and down."""
    definition = Definition(name=name, kind="gauge", unit=unit, meaning=meaning, labels=labels)
    return Row(definition, lambda row, _: Gauge(row))


def histogram(
    name: str, unit: str, meaning: str, *labels: Label, buckets: tuple[float, ...] = SECONDS
) -> Row[Histogram]:
    """Declare a distribution."""
    definition = Definition(
        name=name, kind="histogram", unit=unit, meaning=meaning, labels=labels, buckets=buckets
    )
    return Row(definition, lambda row, on_negative: Histogram(row, on_negative=on_negative))
