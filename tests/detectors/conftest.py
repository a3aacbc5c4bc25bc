"""Services to judge: collections made from a course of the live heap, as Go's pacer would print them."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec
import pytest

from gctail.detectors import Judge, Moment, Signal
from gctail.golang.pacer import PacerView
from gctail.records import GcCycle

Course = Callable[..., list[GcCycle]]


def collections(
    lives: Iterable[float],
    *,
    every_s: float = 1.0,
    gogc: float | Sequence[float] = 100.0,
    stacks: Sequence[int] | None = None,
    pauses_ms: Sequence[float] | None = None,
    forced: bool = False,
    marking_ms: float = 2.0,
    goals: Sequence[int] | None = None,
    first: int = 1,
) -> list[GcCycle]:
    """One collection per level; 40 MiB are allocated before each."""
    made: list[GcCycle] = []
    before = 2.0
    for index, live in enumerate(lives):
        percent = gogc if isinstance(gogc, int | float) else gogc[index]
        goal = max(4.0, before * (1 + percent / 100.0)) if goals is None else goals[index]
        start = goal if goals is not None else max(before + 40.0, live)
        pause = 0.05 if pauses_ms is None else pauses_ms[index]
        made.append(
            GcCycle(
                number=first + index,
                uptime_s=round((index + 1) * every_s, 3),
                gc_cpu_percent=1,
                clock_ms=(pause, marking_ms, 0.01),
                cpu_ms=(0.1, 0.0, marking_ms, 0.0, 0.04),
                heap_start_mib=int(start),
                heap_end_mib=int(start),
                heap_marked_mib=int(live),
                goal_mib=int(goal),
                stacks_mib=0 if stacks is None else stacks[index],
                globals_mib=0,
                procs=4,
                forced=forced,
                leak_check=False,
                go="1.18+",
            ),
        )
        before = live
    return made


def moments(cycles: Iterable[GcCycle]) -> list[Moment]:
    """The collections as a judge sees them."""
    view = PacerView()
    return [Moment(cycle, view.observe(cycle, cycle.uptime_s), cycle.uptime_s or 0.0) for cycle in cycles]


def noisy(level: Callable[[int], float], count: int, spread: float = 1.5, seed: int = 1) -> list[float]:
    """A course with a little noise, the same each time."""
    chance = random.Random(seed)  # noqa: S311 - repeatable, no secret
    return [max(1.0, level(index) + chance.uniform(-spread, spread)) for index in range(count)]


def straight_and_saved(lives: Iterable[float], saves: Callable[[int], bool]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The states of a judge of this course (limit: 200 MiB), and of one that was saved and restored on the way."""
    straight, saved = Judge(200.0), Judge(200.0)
    for at, moment in enumerate(moments(collections(lives))):
        straight.observe(moment)
        saved.observe(moment)
        if saves(at):
            saved = Judge.restore(saved.state())
    return straight.state(), saved.state()


@pytest.fixture
def story() -> Callable[..., tuple[Judge, list[Signal]]]:
    """Judges a course: `story(lives, limit_mib=…, **what a line prints)` gives the judge and all it said."""

    def tell(lives: Iterable[float], limit_mib: float | None = None, **printed: Any) -> tuple[Judge, list[Signal]]:
        judge = Judge(limit_mib)
        said: list[Signal] = []
        for moment in moments(collections(lives, **printed)):
            said += judge.observe(moment)
        return judge, said

    return tell


@pytest.fixture
def make() -> Any:
    """`make.collections`, `make.moments`, `make.noisy`, `make.replaced`, `make.straight_and_saved`."""

    class Make:
        collections = staticmethod(collections)
        moments = staticmethod(moments)
        noisy = staticmethod(noisy)
        straight_and_saved = staticmethod(straight_and_saved)
        replaced = staticmethod(msgspec.structs.replace)

    return Make
