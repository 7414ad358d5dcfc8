# SPDX-License-Identifier: Apache-2.0
"""A line of the table: what was measured of ours and of a peer, and how they compare."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A measurement beside that of a peer.

    ``ratio`` is how many times as good as the peer ours is, whatever the unit; ``bar`` is what the
    design asks of it, or None where it asks nothing.
    """

    what: str
    unit: str
    ours: float
    peer_name: str
    peer: float
    ratio: float
    bar: float | None = None

    @classmethod
    def of_rates(
        cls, what: str, *, ours: float, peer_name: str, peer: float, bar: float | None = None
    ) -> "Line":
        """Return a line about how much was done in a second: more is better."""
        return cls(
            what=what,
            unit="/s",
            ours=ours,
            peer_name=peer_name,
            peer=peer,
            ratio=ours / peer,
            bar=bar,
        )

    @classmethod
    def of_times(
        cls, what: str, *, ours: float, peer_name: str, peer: float, bar: float | None = None
    ) -> "Line":
        """Return a line about how long something took, in seconds: less is better."""
        return cls(
            what=what,
            unit="ms",
            ours=ours * 1000,
            peer_name=peer_name,
            peer=peer * 1000,
            ratio=peer / ours,
            bar=bar,
        )

    @property
    def holds(self) -> bool | None:
        """Tell whether the bar is reached; None where there is none."""
        return None if self.bar is None else self.ratio >= self.bar

    def __str__(self) -> str:
        return (
            f"{self.what}: {amount(self.ours)} {self.unit},"
            f" {self.peer_name}: {amount(self.peer)} {self.unit}, ratio {self.ratio:.2f}"
        )


def amount(value: float) -> str:
    """Return a number with three digits that mean something."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
