"""Numbers as a narrow column can hold them."""

from __future__ import annotations

MIB_PER_GIB = 1024


def size(mib: float | None) -> str:
    """`512M`, `1.5G`: at most six characters, in powers of two."""
    if mib is None:
        return "-"
    if abs(mib) < 10 and mib != round(mib):
        return f"{mib:.1f}M"
    if abs(mib) < 10 * MIB_PER_GIB:
        return f"{mib:.0f}M"
    gib = mib / MIB_PER_GIB
    return f"{gib:.1f}G" if gib < 1000 else f"{gib / MIB_PER_GIB:.1f}T" if gib < 1e6 else "huge"


def span(seconds: float | None) -> str:
    """`now`, `45s`, `12m`, `3h05`, `4d`, `9y`: at most five characters."""
    if seconds is None:
        return "-"
    if seconds < 0.5:
        return "now"
    if seconds < 120:
        return f"{seconds:.0f}s"
    if seconds < 7200:
        return f"{seconds / 60:.0f}m"
    if seconds < 48 * 3600:
        return f"{int(seconds // 3600)}h{int(seconds % 3600 // 60):02}"
    days = seconds / 86400
    return f"{days:.0f}d" if days < 1000 else f"{min(days / 365, 9999):.0f}y"


def share(value: float | None) -> str:
    """`3%`, `41%`."""
    return "-" if value is None else f"{100 * value:.0f}%"


STATES = {
    "next-goal-over-limit": "goal > limit",
    "goroutine-growth": "goroutines",
    "growth-with-load": "load",
    "memory-limit-spiral": "spiral",
    "death-spiral": "spiral",
}
"""Kinds of findings whose names do not fit a column of 12."""


def state_word(state: str) -> str:
    """What a service is in, in at most 12 characters."""
    return STATES.get(state, state.replace("-", " "))[:12].rstrip()


SPARKS = "▁▂▃▄▅▆▇█"


def sparkline(values: tuple[int, ...], width: int) -> str:
    """The values as small bars from 0 to their highest, the last `width` of them."""
    shown = values[-width:]
    top = max(shown, default=0) or 1
    return "".join(SPARKS[min(7, 8 * value // (top + 1))] for value in shown).rjust(width)


def bar(part: float, whole: float, width: int) -> str:
    """A bar of `width` cells, in eighths of a cell."""
    eighths = round(8 * width * max(0.0, min(1.0, part / whole))) if whole > 0 else 0
    full, rest = divmod(eighths, 8)
    return ("█" * full + (" ▏▎▍▌▋▊▉"[rest] if rest else "")).ljust(width)
