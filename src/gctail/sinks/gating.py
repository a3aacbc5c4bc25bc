"""What the gate says, for people."""

from __future__ import annotations

from gctail.amounts import duration, growth, unit_of_growth
from gctail.palette import BOLD, GREEN, RED, YELLOW, Palette
from gctail.parsing.text import show
from gctail.runs.gate import FAIL, PASS, UNDECIDED, Gated

COLOUR = {PASS: GREEN, FAIL: RED, UNDECIDED: YELLOW}


def gated_text(told: Gated, palette: Palette) -> str:
    """The result and its reason, the growth with its interval, and what the run could have shown."""
    name = palette.paint(show(told.service, 80), BOLD)
    lines = [f"{palette.paint(told.result.upper(), COLOUR[told.result])} {name}: {told.why}"]
    slope = told.slope
    if slope is not None:
        per = unit_of_growth(max(abs(slope.low), abs(slope.high)))
        allowed = f"; allowed: {growth(told.allowed)}" if told.allowed is not None else ""
        lines.append(
            f"  live heap: {slope.rate * per.seconds:+.3g} {per.name}, 95 % sure of at least"
            f" {slope.low * per.seconds:+.3g} and of at most {slope.high * per.seconds:+.3g}{allowed}"
        )
        lines.append(
            f"  from {slope.collections} collections in {duration(slope.span_s)} after a warm-up of"
            f" {duration(slope.from_s)}; less than {growth(slope.detectable)} would most likely not have shown"
        )
    if told.needs_s is not None and told.allowed is not None:
        lines.append(f"  to show {growth(told.allowed)} it has to run for {duration(told.needs_s)} after its warm-up")
    return "\n".join(lines)
