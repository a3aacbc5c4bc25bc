"""Units: what may be compared and added, what comes of multiplying, and how a quantity is shown.

Sizes are in MiB and times in seconds, everywhere inside.
"""

from __future__ import annotations

from typing import NamedTuple


class Unit(NamedTuple):
    """Powers of MiB and of seconds, and what is counted: a plain `number`, a `share` of 1, or a `count`."""

    mib: int = 0
    s: int = 0
    of: str = "number"

    def times(self, other: Unit) -> Unit:
        """The unit of a product: a share of something is something."""
        mib, s = self.mib + other.mib, self.s + other.s
        if mib or self.of == other.of == "count":
            return Unit(mib, s)
        weight = {"number": 0, "share": 1, "count": 2}
        return Unit(mib, s, max(self.of, other.of, key=weight.__getitem__))

    def per(self, other: Unit) -> Unit:
        """The unit of a quotient: like divided by like is a plain number."""
        mib, s = self.mib - other.mib, self.s - other.s
        return Unit(mib, s) if mib or other.of in {self.of, "count"} else Unit(mib, s, self.of)

    def joined(self, other: Unit) -> Unit | None:
        """The unit of a sum; None where the two do not fit. A plain number fits shares and counts."""
        if self[:2] != other[:2] or (self.of != other.of and "number" not in {self.of, other.of}):
            return None
        return other if self.of == "number" else self

    @property
    def words(self) -> str:
        """As a sentence has it."""
        return _WORDS.get(self) or f"a quantity in {self.sign or 'no unit'}"

    @property
    def sign(self) -> str:
        """As evidence has it: `MiB`, `MiB/s`, `s`, `share`, `count`, `count/s`."""
        above = [_power(name, power) for name, power in (("MiB", self.mib), ("s", self.s)) if power > 0]
        below = [_power(name, -power) for name, power in (("MiB", self.mib), ("s", self.s)) if power < 0]
        above = above or ([self.of] if self.of != "number" else ["1"] if below else [])
        return "/".join([" ".join(above), *below])


NUMBER = Unit()
SHARE = Unit(of="share")
COUNT = Unit(of="count")
SIZE = Unit(mib=1)
DURATION = Unit(s=1)
SPEED = Unit(mib=1, s=-1)
FREQUENCY = Unit(s=-1, of="count")

_WORDS = {
    NUMBER: "a plain number",
    SHARE: "a share",
    COUNT: "a count",
    SIZE: "a size",
    DURATION: "a duration",
    SPEED: "a size per time",
    FREQUENCY: "a count per time",
    Unit(s=-1): "a number per time",
    Unit(s=-1, of="share"): "a share per time",
}
EXAMPLES = {
    SHARE: "25%",
    SIZE: "512MiB",
    DURATION: "100ms",
    SPEED: "10MiB/min",
    FREQUENCY: "5/min",
    Unit(s=-1): "5/min",
    Unit(s=-1, of="share"): "1%/min",
}
"""How a quantity of a unit is written, for a message."""


def _power(name: str, power: int) -> str:
    return name if power == 1 else f"{name}^{power}"


def shown(value: float | None, unit: Unit) -> str:
    """A value for a human eye: `2.05 GiB`, `12.3 MiB/min`, `25 %`; `unknown` for None."""
    if value is None:
        return "unknown"
    if unit == SIZE:
        return _size(value)
    if unit == DURATION:
        return _duration(value)
    if unit == SHARE:
        return f"{_short(100 * value)} %"
    if unit.s == -1:
        factor, per = next(((f, per) for f, per in ((1, "s"), (60, "min")) if abs(value * f) >= 1), (3600, "h"))
        whole = Unit(unit.mib, 0, unit.of)
        return (
            f"{_short(value * factor)}/{per}" if whole in {NUMBER, COUNT} else f"{shown(value * factor, whole)}/{per}"
        )
    return _short(value) if unit[:2] == (0, 0) else f"{_short(value)} {unit.sign}"


def _short(value: float) -> str:
    """Four digits, and whole numbers whole."""
    return f"{value:.0f}" if float(value).is_integer() and abs(value) < 1e9 else f"{value:.4g}"


def _size(mib: float) -> str:
    return f"{_short(mib / 1024)} GiB" if abs(mib) >= 1024 else f"{_short(mib)} MiB"


def _duration(s: float) -> str:
    if abs(s) < 1:
        return f"{_short(round(1000 * s, 6))} ms"
    if abs(s) < 120:
        return f"{_short(s)} s"
    return f"{_short(s / 60)} min" if abs(s) < 7200 else f"{_short(s / 3600)} h"
