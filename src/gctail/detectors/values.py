"""What goes into a judge and what comes out: moments, blocks of moments, signals, and what an epoch leaves behind."""

from __future__ import annotations

from math import inf
from operator import ge, sub
from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec import Struct, field
from msgspec.structs import replace

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gctail.golang.pacer import Derived
    from gctail.records import GcCycle

STACK_WEIGHT = 2.0
"""MiB of memory per MiB of "MB stacks": the trace counts scanned stack only, 2.5 to 3.7 times below what is in use;
a live MiB costs about twice itself (GOGC=100) and a stack MiB does not, which leaves a factor of two."""


class Moment(Struct, frozen=True, gc=False):
    """One collection as the judge sees it; `clock_s` is seconds since the process started."""

    cycle: GcCycle
    derived: Derived
    clock_s: float


class Row(Struct, frozen=True, gc=False, array_like=True):
    """What is kept of one collection until its block is complete; sizes in MiB."""

    clock_s: float
    number: int
    level: float
    live: int
    start: int
    goal: int
    pause_ms: float
    forced: bool


class Stretch(NamedTuple):
    """Some collections that follow one another, column by column; the first has number `first`.

    Clocks in seconds, times in ms, sizes in MiB. `markings` is what was allocated while marking, `roots` stacks and
    globals, `goals` 0 where there is none; `gogc` (percent) is what is known of it. The collection before began at
    `before_s` and left `marked_before`; `clocks_ms` are the three phases of each.
    """

    first: int
    clocks_s: list[float]
    starts: list[int]
    markings: list[int]
    marked: list[int]
    goals: list[int]
    stacks: list[int]
    roots: list[int]
    clocks_ms: tuple[Sequence[float], ...]
    pauses_ms: list[float]
    forced: list[bool]
    gogc: float | None
    before_s: float
    marked_before: int

    def is_pressed(self, limit_mib: float) -> bool:
        """Whether the collector may chase itself here, or one of the goals to come may be over the limit."""
        if self.gogc is not None and limit_mib < inf:
            most = max(self.marked) + (max(self.marked) + max(self.roots)) * self.gogc / 100
            if max(most, 4 * self.gogc / 100) >= limit_mib:
                return True
        if not any(map(ge, self.starts, self.goals)):
            return False
        gaps_s = map(sub, self.clocks_s, [self.before_s, *self.clocks_s])
        steps = zip(self.starts, self.goals, gaps_s, strict=False)
        return any(start >= goal and gap_s < 0.002 * self.wall_ms(at) for at, (start, goal, gap_s) in enumerate(steps))

    def wall_ms(self, at: int) -> float:
        """How long one of them took."""
        return sum([float(column[at]) for column in self.clocks_ms])


TIMER_S = (119.0, 150.0)
"""Between two collections that the runtime's timer asks for: two minutes, and what they wait for each other."""
BEGUN_EARLY = 0.6
"""Of the way to its goal: no collection that the goal asked for begins sooner (mgcpacer.go, `trigger`: from 0.7 on)."""
LEAST_GOAL_MIB, BY_GOAL = 16, 0.85
"""A goal that whole MiB tell well enough, and so high at least is the heap when a collection ends that it asked for."""
MORE, PRINTED_MIB = 1.25, 2.0
"""So many times what was allocated in the last two minutes may be in the next ones, and what whole MiB leave open."""


class Block(Struct, frozen=True, gc=False):
    """A handful of neighbouring collections, summed up: what every detector looks at.

    A block holds one collection while there are few and at most 128 later. Times are seconds since process start,
    sizes MiB. `low` is the lower quartile of the levels (live heap plus weighed stacks), which in-flight requests
    disturb least, `high` their maximum; `peak` is the highest heap, `marking_mib` what is usually allocated while a
    collection marks, `allocated` is the sum since process start;
    `spiral` counts the collections in a row, up to the last, that began at their goal and took more than half of
    the time since the one before.
    """

    rows: tuple[Row, ...]
    begin_s: float
    time_s: float
    low: float
    high: float
    peak: float
    marking_mib: float
    allocated: float
    stacks_mib: int
    spiral: int
    gc_cpu_share: float | None
    next_goal_mib: float | None
    gogc: float | None
    limit_bound: bool
    memory_limit_mib: float | None

    @property
    def end_s(self) -> float:
        """When the last collection of the block was."""
        return self.rows[-1].clock_s

    @property
    def live(self) -> int:
        """The live heap after the last collection of the block (MiB)."""
        return self.rows[-1].live

    @property
    def by_timer_mib(self) -> float | None:
        """How much was allocated between the last two collections, where the runtime's timer asked for the last one.

        So it is where so little is allocated that two minutes pass long before the goal (`forcegcperiod`, proc.go).
        None where the goal asked for it, or the program.
        """
        last = self.rows[-1]
        climbed_mib = float(last.start - last.live)
        by_timer = not last.forced and TIMER_S[0] <= self._waited_s <= TIMER_S[1]
        return climbed_mib if by_timer and climbed_mib <= BEGUN_EARLY * (last.goal - last.live) else None

    @property
    def _waited_s(self) -> float:
        """From the collection before to the last one."""
        return self.rows[-1].clock_s - (self.rows[-2].clock_s if len(self.rows) > 1 else self.begin_s)

    @property
    def of_its_goal(self) -> float | None:
        """How high the heap was when the last collection ended, as a share of the goal that asked for it.

        None where the timer or the program asked, where GOMEMLIMIT holds the goal down, or whole MiB are too coarse.
        """
        last = self.rows[-1]
        if self._waited_s >= TIMER_S[0] or last.forced or self.limit_bound or last.goal < LEAST_GOAL_MIB:
            return None
        share = (last.start + self.marking_mib) / last.goal
        return share if share >= BY_GOAL else None

    @property
    def reach_mib(self) -> float | None:
        """How high the heap may go before the next collection: to its goal, or as far as the timer lets it."""
        goal, climbed_mib = self.next_goal_mib, self.by_timer_mib
        if goal is None or climbed_mib is None:
            return goal
        return min(goal, self.live + MORE * climbed_mib + PRINTED_MIB)


class Surroundings(Struct, frozen=True, gc=False):
    """What a detector may ask about the service beside its block (sizes in MiB).

    `limit_mib` is the container's limit where somebody told us; `base` the level after the first seventh of the time,
    `noise` how far neighbouring blocks usually lie apart, `collections` how many there were, this block's included.
    """

    limit_mib: float | None
    base: float
    noise: float
    collections: int


class Signal(Struct, frozen=True):
    """Something a detector says. `phase` is onset, update or resolved; one cause has one onset until it is resolved."""

    kind: str
    severity: str
    summary: str
    evidence: dict[str, Any] = field(default_factory=dict)
    phase: str = "onset"


MOST_RUNS = 4
"""Runs that are remembered."""
GROWS, LIVES = "grows", "lives"
"""In place of its end: a process that lives, and sets new highs, or does not."""


class Life(Struct, frozen=True):
    """One run of the service, or of its replica: its climb, and how it ended.

    It first stood at each of `levels` (MiB) at the age beside it in `ages_s`, which rise; it began with `begin`, was at
    most `top` and at the end `level` high, at the age `age_s`. `end` is memory, asked (it was told to end, or said
    goodbye), other (another death), silent (it talked, and said nothing of its end), or empty where nobody can know;
    a replica may still live. `growing` is one of which a leak was suspected to the end.
    """

    ages_s: tuple[float, ...]
    levels: tuple[float, ...]
    begin: float
    top: float
    level: float
    age_s: float
    end: str = ""
    growing: bool = False


class Carryover(Struct, frozen=True):
    """What one process epoch teaches the next of the same service: plain data, bounded.

    `plateaus_mib` are levels at which growth stopped by itself, `fatal_mib` the levels at which memory killed the
    process, `unfinished` counts epochs that ended while still growing and nobody had asked them to; `runs` are the
    last runs, the latest at the end.
    """

    version: int = 1
    epochs: int = 0
    fatal_mib: tuple[float, ...] = ()
    plateaus_mib: tuple[float, ...] = ()
    unfinished: int = 0
    noise_mib: float | None = None
    runs: tuple[Life, ...] = ()

    def taught(self, lives: Sequence[Life]) -> Carryover:
        """The same with these lives as the latest runs."""
        return replace(self, runs=(*self.runs, *lives)[-MOST_RUNS:])


class Inquiry(NamedTuple):
    """What a judge wants to know of the log: whether growth since `onset_s` (s of uptime) goes on for `ahead_mib` more.

    `noise_mib` is how far its levels lie apart by chance; `room_mib` is what there is to a limit, without end where
    none is known.
    """

    onset_s: float
    ahead_mib: float
    noise_mib: float
    room_mib: float = inf


class Testimony(NamedTuple):
    """What the log answers: how much that counts, how likely the growth goes on, and the line that it goes with.

    `ends` says why it does not go on, where the log tells: something `is_full`, or fills up to a size that is declared.
    """

    weight: float
    belief: float
    message: str = ""
    ends: str = ""
    is_full: bool = False
