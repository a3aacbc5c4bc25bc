"""The values that flow through gctail: what a log said, where it said it, and what we conclude.

Every value is frozen; units ride on the names. MiB is what the runtime prints as "MB": a shift by 20 bits, truncated,
never rounded (go/src/runtime/mgc.go, `gcMarkTermination`). An absent field is `None`, never 0.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct, field

SEVERITIES = ("info", "warning", "critical")
"""How bad a finding is, from the least to the worst."""


class GcCycle(Struct, frozen=True, gc=False, tag="gc"):
    """One garbage collection, as one gctrace line reports it (all generations, Go 1.0 to 1.27).

    The heap triple means different things by version: since 1.5 it is start, end and marked; in 1.0 to 1.2 the line
    gives before and after (here `heap_start_mib` = `heap_end_mib` = before, `heap_marked_mib` = after); in 1.3 and 1.4
    it gives the live heap after the *previous* collection and the heap now, still unswept (`heap_prev_live_mib` and
    `heap_start_mib` = `heap_end_mib`, with `heap_marked_mib` None).
    """

    number: int
    uptime_s: float | None
    gc_cpu_percent: int | None
    clock_ms: tuple[float, ...]
    cpu_ms: tuple[float, ...]
    heap_start_mib: int
    heap_end_mib: int
    heap_marked_mib: int | None
    goal_mib: int | None
    stacks_mib: int | None
    globals_mib: int | None
    procs: int
    forced: bool
    leak_check: bool
    go: str
    heap_prev_live_mib: int | None = None
    objects: int | None = None
    goroutines: int | None = None
    rest: str | None = None

    @property
    def heap_live_mib(self) -> int:
        """R = H2 - (H1 - H0): what survives of the heap as it stood when the cycle began (within 2 MiB).

        In 1.3 and 1.4 the line knows only the live heap after the cycle before, and that is returned.
        """
        if self.heap_marked_mib is None:
            return self.heap_prev_live_mib or 0
        return max(0, self.heap_marked_mib - max(0, self.heap_end_mib - self.heap_start_mib))

    @property
    def pause_ms(self) -> float:
        """How long the world stood still: both stop-the-world phases (1.5: three; before 1.5: the whole collection)."""
        clock = self.clock_ms
        if self.uptime_s is None:
            return sum(clock)
        return clock[0] + clock[2] + clock[4] if len(clock) == 5 else clock[0] + clock[-1]


class GcForced(Struct, frozen=True, tag="gc-forced"):
    """`GC forced`: the runtime itself started a collection because the last one is over two minutes old."""


class Scvg(Struct, frozen=True, tag="scvg"):
    """A scavenger report of Go 1.0 to 1.13; the `released` line and the summary line are separate records."""

    round: int | None
    forced: bool
    released_mib: int | None
    inuse_mib: int | None = None
    idle_mib: int | None = None
    sys_mib: int | None = None
    consumed_mib: int | None = None
    gc_forced: bool = False


class Scav(Struct, frozen=True, tag="scav"):
    """A scavenger report of Go 1.14 to 1.27 (`scavtrace=1`): KiB returned to the system since the last line."""

    work_kib: int
    eager_kib: int | None
    released_kib: int
    util_percent: int
    forced: bool
    controller_reset: bool
    generation: int | None
    go: str


class Pacer(Struct, frozen=True, tag="pacer"):
    """A line of `gcpacertrace=1`; sizes in bytes where exact.

    `form` is assist, sweep, old (to 1.17) or new (since 1.18).
    """

    form: str
    values: dict[str, float | int | None]


class Sched(Struct, frozen=True, tag="sched"):
    """A line of `schedtrace`: counts as printed, run queues per P, and the P/M/G lines of `scheddetail=1` as text."""

    uptime_ms: int
    counts: dict[str, int | None]
    run_queues: tuple[int, ...] = ()
    sched_ticks: tuple[int, ...] = ()
    details: tuple[str, ...] = ()


class Init(Struct, frozen=True, tag="init"):
    """A line of `inittrace=1`: one package's initialisation."""

    package: str
    at_ms: float
    clock_ms: float
    bytes: int
    allocs: int


class ScanClass(Struct, frozen=True, tag="scan"):
    """A line of the table that `gctrace=2` prints since Go 1.25: objects and spans scanned, by size class."""

    size_class: str
    objects: int
    spans: int | None


class CheckFinalizers(Struct, frozen=True, tag="checkfinalizers"):
    """`checkfinalizers=1` since Go 1.25: how many finalizers and cleanups wait in the queue."""

    finalizers: int | None
    cleanups: int | None
    text: str


class AllocFree(Struct, frozen=True, tag="allocfree"):
    """A line of `allocfreetrace=1` (Go 1.3 to 1.22): tracealloc, tracefree, tracegc or its end."""

    what: str
    address: str | None
    size_bytes: int | None


class Frame(Struct, frozen=True):
    """One call in a stack: function as printed without its arguments, file and line where given."""

    function: str
    arguments: str
    file: str | None
    line: int | None


class Goroutine(Struct, frozen=True):
    """One goroutine of a dump; `wait_minutes` is None when the runtime printed none (it prints only 1 and more).

    `elided` counts the frames that the runtime left out (0 where Go before 1.21 did not say how many); `ancestors` are
    the goroutines that it descends from (GODEBUG=tracebackancestors), without their frames.
    """

    id: int
    state: str
    wait_minutes: int | None
    locked: bool
    labels: str | None
    frames: tuple[Frame, ...]
    created_by: Frame | None
    created_in: int | None
    elided: int | None = None
    ancestors: tuple[int, ...] = ()


class Death(Struct, frozen=True, tag="death"):
    """A process died, or somebody reports that one did.

    `cause` is one of the names in data/deaths.toml; `source` is go, kernel, guard, orchestrator or shell; `text` is the
    decisive line as printed; `details` holds the numbers that the message carries (bytes asked, anon-rss, limit, pid).
    """

    cause: str
    source: str
    text: str
    lines: tuple[str, ...]
    details: dict[str, Any]
    goroutines: tuple[Goroutine, ...] = ()
    runtime_stack: tuple[Frame, ...] = ()
    truncated: bool = False


class Dump(Struct, frozen=True, tag="dump"):
    """Goroutine stacks that are no death: a recovered panic, debug.PrintStack, pprof text, a watchdog."""

    text: str
    goroutines: tuple[Goroutine, ...]


class Unreadable(Struct, frozen=True, tag="unreadable"):
    """Something that began like the runtime's output and could not be read.

    `column` is where it stopped making sense.
    """

    text: str
    reason: str
    column: int | None = None


class HeapSample(Struct, frozen=True, tag="heap-sample"):
    """What a program says of its own heap, by another channel than gctrace. Sizes are exact bytes / 2**20.

    `source` is memstats (runtime.MemStats, all of it), expvar (/debug/vars), runtime-metrics, prometheus, or logged: a
    line of the application's own making. `heap_alloc_mib` includes garbage that is not swept yet; only
    `heap_live_mib` (/gc/heap/live:bytes, since Go 1.21) is what the last collection marked, the H2 of a gctrace line.
    `number` is NumGC, `last_gc_s` the Unix time of the end of that collection, `pause_total_ms` the sum of all pauses,
    `gc_cpu_fraction` 0 to 1 since the start, `gogc_percent` -1.0 where GOGC is off, `memory_limit_mib` None where there
    is none. `instance` is the labels that tell one process from another. `time_s` is the sample's own time stamp,
    `start_s` when the process began, both Unix time.
    """

    source: str
    heap_alloc_mib: float | None = None
    heap_live_mib: float | None = None
    next_goal_mib: float | None = None
    heap_sys_mib: float | None = None
    heap_released_mib: float | None = None
    stacks_mib: float | None = None
    sys_mib: float | None = None
    rss_mib: float | None = None
    number: int | None = None
    last_gc_s: float | None = None
    pause_total_ms: float | None = None
    gc_cpu_fraction: float | None = None
    goroutines: int | None = None
    gogc_percent: float | None = None
    memory_limit_mib: float | None = None
    objects: int | None = None
    instance: str | None = None
    time_s: float | None = None
    start_s: float | None = None


Record = (
    GcCycle
    | GcForced
    | Scvg
    | Scav
    | Pacer
    | Sched
    | Init
    | ScanClass
    | CheckFinalizers
    | AllocFree
    | Death
    | Dump
    | Unreadable
    | HeapSample
)


class Sighting(Struct, frozen=True, gc=False):
    """A record, and where and when it was seen.

    `offset` counts bytes of the input after decompression and transcoding to UTF-8; `time_s` is Unix time, None where
    no wrapper gives one; `near_s` is the Unix time of the line before it; `lines` is how many lines it used up.
    """

    record: Record
    service: str
    origin: str
    offset: int
    time_s: float | None = None
    stream: str | None = None
    mended: bool = False
    lines: int = 1
    near_s: float | None = None


class Passage(Struct, frozen=True):
    """Application text between runtime records: whole lines, each ending in a newline, as the application wrote them.

    `mended` says that runtime output was taken out of it, so that it is not a plain slice of the input. `text` may be a
    view of a buffer that the reader uses again: who wants to keep it copies it. Where `wrapper` is named, the lines are
    still inside it.
    """

    text: bytes | bytearray | memoryview
    service: str
    origin: str
    offset: int
    time_s: float | None = None
    stream: str | None = None
    mended: bool = False
    wrapper: str | None = None


class Digest(Struct, frozen=True, omit_defaults=True):
    """What is left of passages that were read elsewhere: how many lines, how many at level error or worse, their end.

    `end` and `sample`, its beginning in whole lines, are text without a wrapper, at most a few KiB. What is no UTF-8 in
    the sample stands there as surrogates (PEP 383).
    """

    lines: int = 0
    errors: int = 0
    end: bytes = b""
    sample: str = ""


class Finding(Struct, frozen=True, tag="finding"):
    """Something worth telling. `id` depends only on service, kind and place, so a replay repeats it exactly."""

    id: str
    kind: str
    severity: str
    service: str
    epoch: int
    time_s: float | None
    uptime_s: float | None
    offset: int
    summary: str
    evidence: dict[str, Any] = field(default_factory=dict)
    suspects: tuple[dict[str, Any], ...] = ()
    lines: tuple[str, ...] = ()
    advice: tuple[str, ...] = ()

    @property
    def is_news(self) -> bool:
        """Whether a reader is told it: not that growth is no longer called growth, when it was just called a leak."""
        return "goes_on_as" not in self.evidence


class Forecast(Struct, frozen=True):
    """When the live heap meets the limit: seconds from the last collection, with an 80 % interval; None is never.

    `next_goal_mib` is there where the next collection is due at the limit or beyond (MiB): the process may meet it at
    any moment from now on. `limit_from` is who says so: it was "given" (an option, the configuration, the cluster, the
    kernel); or it is the live heap at which the process will die by its "gomemlimit", or at which an earlier one died,
    "earlier-death", or several ended without a word, "earlier-end", or another replica died, "replica-death".
    """

    limit_mib: float
    seconds: float | None
    low: float | None
    high: float | None
    limit_from: str = "given"
    next_goal_mib: float | None = None


class Verdict(Struct, frozen=True):
    """What we make of one service: is it leaking, how sure, since when, how fast, and when is the memory gone.

    `evidence` has what others say: `earlier_runs` and `replicas` in numbers, `others_say` in sentences.
    """

    leak: bool
    probability: float
    kind: str
    onset_uptime_s: float | None
    rate_mib_per_s: float | None
    forecast: Forecast | None
    why: tuple[str, ...] = ()
    evidence: dict[str, Any] = field(default_factory=dict)
