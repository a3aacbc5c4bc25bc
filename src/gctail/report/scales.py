"""Where the ticks of an axis stand, and what is written beside them."""

from __future__ import annotations

import math

_TIME_STEPS = (
    1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800, 1209600,
)  # fmt: skip
_UNITS = ((86400.0, "d"), (3600.0, "h"), (60.0, "min"), (1.0, "s"))


class Scale:
    """A stretch of numbers laid onto a stretch of pixels."""

    def __init__(self, low: float, high: float, from_px: float, to_px: float) -> None:
        self.low, self.high = low, high if high > low else low + 1.0
        self.from_px, self.to_px = from_px, to_px

    def __call__(self, value: float) -> float:
        """The pixel, to a tenth."""
        part = (value - self.low) / (self.high - self.low)
        return round(self.from_px + part * (self.to_px - self.from_px), 1)


def ticks(low: float, high: float, most: int) -> list[float]:
    """At most about `most` round numbers between: steps of 1, 2 or 5 times a power of ten."""
    wanted = (high - low) / max(1, most)
    if wanted <= 0 or not math.isfinite(wanted):
        return [low]
    power = 10.0 ** math.floor(math.log10(wanted))
    step = next(power * each for each in (1, 2, 5, 10) if power * each >= wanted)
    return _multiples(low, high, step)


def time_ticks(low: float, high: float, most: int) -> list[float]:
    """The same for seconds: steps that clocks have."""
    wanted = (high - low) / max(1, most)
    if wanted < 1:
        return ticks(low, high, most)
    step = next((float(each) for each in _TIME_STEPS if each >= wanted), wanted)
    return _multiples(low, high, step)


def elapsed(seconds: float, step: float) -> str:
    """`0`, `90 s`, `15 min`, `2.5 h`: all ticks of an axis in the unit that suits the step between them."""
    if seconds == 0:
        return "0"
    size, name = next((unit for unit in _UNITS if step >= unit[0] / 2), _UNITS[-1])
    return f"{seconds / size:.4g} {name}"


def _multiples(low: float, high: float, step: float) -> list[float]:
    first = math.ceil(low / step)
    last = math.floor(high / step)
    return [round(at * step, 9) for at in range(first, last + 1)]
