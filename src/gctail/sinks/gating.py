"""What the gate says, for people."""

from __future__ import annotations

from typing import NamedTuple

from gctail.forecast import duration
from gctail.parsing.text import show
from gctail.runs.gate import FAIL, PASS, UNDECIDED, Gated
from gctail.sinks.text import BOLD, GREEN, RED, YELLOW, Palette

COLOUR = {PASS: GREEN, FAIL: RED, UNDECIDED: YELLOW}


def gated_text(told: Gated, palette: Palette) -> str:
    """The result and its reason, the growth with its interval, and what the run could have shown."""
    name = palette.paint(show(told.service, 80), BOLD)
    lines = [f"{palette.paint(told.result.upper(), COLOUR[told.result])} {name}: {told.why}"]
    slope = told.slope
    if slope is not None:
        per = _unit(max(abs(slope.low), abs(slope.high)))
        allowed = f"; allowed: {growth(told.allowed)}" if told.allowed is not None else ""
        lines.append(
            f"  live heap: {slope.rate * per.seconds:+.3g} {per.name}, 95 % sure of at least"
            f" {slope.low * per.seconds:+.3g} and of at most {slope.high * per.seconds:+.3g}{allowed}"
        )
        lines.append(
            f"  from {slope.collections} collections in {duration(slope.span_s)} after a warm-up of"
            f" {duration(slope.from_s)}; less than {growth(slope.detectable)} would most likely not have shown"
        )
    if told.needs_s is not None:
        lines.append(f"  to show {growth(told.allowed)} it has to run for {duration(told.needs_s)} after its warm-up")
    return "\n".join(lines)


class Per(NamedTuple):
    """A unit of growth."""

    seconds: float
    name: str


UNITS = (Per(1.0, "MiB/s"), Per(60.0, "MiB/min"), Per(3600.0, "MiB/h"), Per(86400.0, "MiB/d"))


def growth(mib_per_s: float | None) -> str:
    """In the unit that it is best read in."""
    per = _unit(mib_per_s or 0.0)
    return f"{(mib_per_s or 0.0) * per.seconds:.3g} {per.name}"


def _unit(mib_per_s: float) -> Per:
    return next((per for per in UNITS if abs(mib_per_s) * per.seconds >= 1), UNITS[-1])
