"""Which GOGC and GOMEMLIMIT to run with under a limit: several settings replayed, and the one to choose."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, log

from msgspec import Struct

from gctail.runs.replay import OVERHEAD, Course, Outcome, Setting, replay

GOGCS = (50.0, 100.0, 200.0, 400.0)
BELOW_LIMIT = 0.9
"""Of the container's limit, what GOMEMLIMIT is tried at: the rest is for what the runtime does not count.

The guide to Go's collector asks for 5 to 10 % of headroom (go.dev/doc/gc-guide#Memory_limit).
"""
WORTH_PERCENT = 1.0
"""A setting that saves less CPU than this, in percent of all processors, is not worth more memory."""


class Choice(Struct, frozen=True):
    """What was tried, what is best, and why."""

    ran: Outcome
    """The model at the settings that the log was written with."""
    tried: tuple[Outcome, ...]
    best: Outcome | None
    """None: no setting keeps the process below the limit for as long as the log goes."""


def settings_to_try(limit_mib: float, ran: Setting) -> list[Setting]:
    """GOGC alone, then with GOMEMLIMIT below the limit; what ran is not tried twice."""
    memory_limit = round(BELOW_LIMIT * limit_mib)
    alone = [Setting(gogc) for gogc in GOGCS]
    held = [Setting(gogc, memory_limit) for gogc in (*GOGCS[1:3], None)]
    return [each for each in (*alone, *held) if each != ran]


def choose(course: Course, ran: Setting, settings: Sequence[Setting], limit_mib: float) -> Choice:
    """Replay them all. The best keeps below the limit, and of those with nearly the least CPU, the least memory."""
    outcome = replay(course, ran, limit_mib)
    tried = tuple(replay(course, each, limit_mib) for each in settings)
    safe = [each for each in (outcome, *tried) if each.over_limit_at_s is None and not each.starved]
    held = [each for each in safe if each.setting.memory_limit_mib is not None] or safe
    least = min((each.gc_cpu_percent for each in held), default=0.0)
    good = [each for each in held if each.gc_cpu_percent <= least + WORTH_PERCENT]
    best = min(good, key=_memory_first, default=None)
    return Choice(outcome, tried, best)


def _memory_first(outcome: Outcome) -> tuple[int, float]:
    """The least memory, in steps of 2 %; of settings that are alike in it, the one nearest to Go's default."""
    steps = round(log(max(1.0, outcome.peak_total_mib)) / log(1.02))
    gogc = outcome.setting.gogc
    return steps, abs(log(gogc / 100)) if gogc is not None else inf


def most_live_mib(setting: Setting, roots_mib: float, limit_mib: float) -> float:
    """The live heap at which a setting meets the limit: for a leak, what is left to grow."""
    room = (limit_mib - roots_mib) / (1 + OVERHEAD)
    if setting.memory_limit_mib is not None and setting.memory_limit_mib < limit_mib:
        return room  # the collector fights for it until the live heap alone fills it
    if setting.gogc is None:
        return 0.0
    percent = setting.gogc / 100
    return max(0.0, (room - roots_mib * percent) / (1 + percent))
