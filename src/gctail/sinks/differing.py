"""Two runs beside each other, for people."""

from __future__ import annotations

from collections.abc import Sequence

from gctail.palette import BOLD, DIM, GREEN, RED, YELLOW, Palette
from gctail.parsing.text import show
from gctail.runs.difference import BETTER, SAME, UNSURE, WORSE, Change

COLOUR = {WORSE: RED, BETTER: GREEN, SAME: DIM, UNSURE: YELLOW}


def differing_text(before: str, after: str, changes: Sequence[Change], palette: Palette) -> str:
    """A table of all figures; above it, what is worse for sure."""
    worse = [each for each in changes if each.verdict == WORSE]
    better = [each for each in changes if each.verdict == BETTER]
    told = [f"{len(worse)} worse" if worse else "", f"{len(better)} better" if better else ""]
    summary = ", ".join(word for word in told if word) or "no difference that is sure"
    names = f"{show(before, 60)} -> {show(after, 60)}"
    lines = [f"{palette.paint(names, BOLD)}: {palette.paint(summary, RED if worse else GREEN)}"]
    lines.append(palette.paint(f"  {'':<16}{'before':>12}{'after':>12}{'change':>10}", DIM))
    for each in changes:
        change = f"{each.change:+.0%}" if each.change is not None else "-"
        note = f"{each.verdict} (p {each.p_value:.1g})" if each.verdict in {WORSE, BETTER, UNSURE} else each.verdict
        row = f"  {each.name:<16}{each.before:>12.4g}{each.after:>12.4g}{change:>10}   {each.unit:<9}"
        lines.append(f"{row} {palette.paint(note, COLOUR[each.verdict])}")
    return "\n".join(lines)
