"""Bursts: the same thing filed several times within moments, each time under another key."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from gctail.attribution.keys.forms import pieces
from gctail.attribution.keys.values import Burst

WITHIN_S = 0.01
ORDINARY = 0.3
"""What so many of all lines have in common is no burst of one thing."""
FEWEST, MOST_TOLD, EXAMPLES = 3, 5, 4
_STAYS = frozenset({"word", "mark"})


def bursts(stretches: Sequence[Sequence[tuple[float, str]]]) -> tuple[Burst, ...]:
    """The largest ones: at least three different keys within 10 ms that differ in one number or token only."""
    found = [burst for stretch in stretches for burst in _of(stretch)]
    return tuple(sorted(found, key=lambda burst: (-burst.keys, burst.time_s))[:MOST_TOLD])


def _of(stretch: Sequence[tuple[float, str]]) -> list[Burst]:
    found: list[Burst] = []
    by_core: dict[str, list[tuple[float, str]]] = {}
    told = [(time_s, key, cores(key)) for time_s, key in stretch]
    common = Counter(core for _, _, each in told for core in each)
    for time_s, key, able in told:
        for core in able:
            if common[core] > ORDINARY * len(stretch):
                continue
            group = by_core.setdefault(core, [])
            if group and time_s - group[-1][0] > WITHIN_S:
                _close(group, found)
                group.clear()
            group.append((time_s, key))
    for group in by_core.values():
        _close(group, found)
    return _once(found)


def cores(key: str) -> list[str]:
    """The key without one of its variable parts, for each of them; a key of one part only has no core."""
    parts = pieces(key)
    able = [at for at, part in enumerate(parts) if part.kind not in _STAYS]
    if len(able) < 2:
        return []
    return ["".join("\0" if other == at else part.text for other, part in enumerate(parts)) for at in able[-2:]]


def _close(group: Sequence[tuple[float, str]], found: list[Burst]) -> None:
    keys = list(dict.fromkeys(key for _, key in group))
    if len(keys) >= FEWEST:
        span_ms = round(1000 * (group[-1][0] - group[0][0]), 3)
        found.append(Burst(group[0][0], len(keys), span_ms, tuple(keys[:EXAMPLES])))


def _once(found: list[Burst]) -> list[Burst]:
    """The same burst is seen from each part that varies in it: the larger one counts."""
    kept: list[Burst] = []
    for burst in sorted(found, key=lambda each: -each.keys):
        if not any(set(burst.examples) & set(other.examples) for other in kept):
            kept.append(burst)
    return kept
