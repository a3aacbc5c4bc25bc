"""The gctrace line, as every Go from 1.0 to 1.27 prints it, and as later ones may.

Two lanes with one meaning. `parse_gctrace` is the quick one: a compiled pattern for each generation, exactly as that
runtime prints. `read_gctrace` is the definition: a grammar that goes by the labels ("ms clock", "MB goal", "P"), takes
doubled spaces, wrapped lines and parts it has never heard of, and says where a line stops making sense. On every line
that the quick lane takes, both give the same record.

Source: `gcMarkTermination` in go/src/runtime/mgc.go (before 1.5: `gc` in mgc0.c); the fields are explained under
"gctrace" in go/src/runtime/extern.go. Its "MB" is a shift by 20 bits: MiB, truncated.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from gctail.records import GcCycle

# No address space holds 2**60 bytes: from there on the goal is GOGC=off, whose "infinity" was printed as 8796093021775,
# 17592186044415 or 85322102315xx, depending on the version.
NO_GOAL_MIB = 1 << 40

# Longer than any line that a runtime prints, by a factor of ten; what is longer is not worth a grammar's time.
LONGEST_LINE = 4096

Groups = Sequence[bytes | None]


class Misfit(ValueError):
    """A line that does not fit its grammar: at `column` (from 0) it stops making sense; `expected` belongs there."""

    def __init__(self, column: int, expected: str) -> None:
        super().__init__(f"column {column}: expected {expected}")
        self.column = column
        self.expected = expected


class NotGctrace(Misfit):
    """No gctrace line of any Go, nor of a future one that keeps the labels."""


# --- The quick lane -----------------------------------------------------------------------------------------------

_WHOLE = rb"([0-9]{1,20}+)"
_SIGNED = rb"(-?+[0-9]{1,20}+)"
_TIME = rb"([0-9]{1,15}+(?>\.[0-9]{1,9}+|))"
_CLOCK_3 = _TIME + rb"\+" + _TIME + rb"\+" + _TIME + rb" ms clock, "
_CLOCK_5 = _TIME + rb"\+" + _TIME + rb"\+" + _CLOCK_3
_MARKING = _TIME + rb"/" + _TIME + rb"/" + _TIME + rb"\+" + _TIME + rb" ms cpu, "
_CPU_5 = _TIME + rb"\+" + _MARKING
_CPU_7 = _TIME + rb"\+" + _TIME + rb"\+" + _CPU_5
_HEAP = _WHOLE + rb"->" + _WHOLE + rb"->" + _WHOLE + rb" MB, "

# gc 12 @2.311s 0%: 0.34+10+0.005 ms clock, 0.69+0/1.0/9.5+0.011 ms cpu, 45->45->30 MB, 49 MB goal, 0 MB stacks, 0 MB
# globals, 2 P
MODERN: bytes = (
    rb"gc " + _WHOLE + rb" @([0-9]{1,12}+\.[0-9]{3}+)s " + _SIGNED + rb"%(?>( \(checking for goroutine leaks\))|): "
    + _CLOCK_3 + _CPU_5 + _HEAP + _WHOLE + rb" MB goal,"
    + rb"(?> " + _WHOLE + rb" MB stacks, " + _WHOLE + rb" MB globals,|) " + _WHOLE + rb" P(?>( \(forced\))|)"
)  # fmt: skip
"""The line of Go 1.6 and later as the source of a bytes pattern: unanchored, with a group for each of its values."""

# gc 17 @4.539s 3%: 0.31+0.19+1.2+34+0.53 ms clock, 0.63+0.19+0+1.1/0.003/34+1.0 ms cpu, 167->169->115 MB, 172 MB goal,
# 2 P           (Go 1.5; `gc #17 @` and lines without a goal are of its development, early in 2015)
_GO_1_5 = (
    rb"gc #?+" + _WHOLE + rb" @([0-9]{1,12}+\.[0-9]{3}+)s " + _SIGNED + rb"%: "
    + _CLOCK_5 + _CPU_7 + _HEAP + rb"(?>" + _WHOLE + rb" MB goal, |)" + _WHOLE + rb" P(?>( \(forced\))|)"
)  # fmt: skip

_COUNTED = rb", [0-9]{1,20}+\([0-9]{1,20}+\)"
_SLASHED = rb", [0-9]{1,20}+/[0-9]{1,20}+/[0-9]{1,20}+"
_TICKS = rb"(-?+[0-9]{1,15}+)"  # a clock could run backwards then
_HEAD = rb"gc" + _WHOLE + rb"\(" + _WHOLE + rb"\): " + _TICKS + rb"\+" + _TICKS + rb"\+" + _TICKS
_SHARED_TAIL = _COUNTED + rb" handoff" + _COUNTED + rb" steal" + _SLASHED + rb" yields"
_FREED = rb" \([0-9]{1,20}+--?+[0-9]{1,20}+\) objects"

# gc13(1): 4+0+0 ms 12 -> 8 MB 31051 -> 30034 (33827-3793) objects 0 handoff                                  (Go 1.0)
# gc16(1): 3+0+0 ms, 15 -> 10 MB 44728 -> 43413 (48547-5134) objects, 0(0) handoff, 0(0) steal, 0/0/0 yields  (1.1, 1.2)
_GO_1_0_TO_1_2 = (
    _HEAD + rb" ms(?>(,)|) " + _WHOLE + rb" -> " + _WHOLE + rb" MB " + _WHOLE + rb" -> " + _WHOLE + _FREED
    + rb"(?(6)" + _SHARED_TAIL + rb"| [0-9]{1,20}+ handoff)"
)  # fmt: skip

# gc16(1): 1+0+2277+0 us, 5 -> 11 MB, 31991 (34806-2815) objects, 1092/1/0 sweeps, 0(0) handoff, 0(0) steal, 0/0/0
# yields        (Go 1.3; 1.4 has `5 goroutines, ` before the sweeps)
_GO_1_3_AND_1_4 = (
    _HEAD + rb"\+" + _TICKS + rb" us, " + _WHOLE + rb" -> " + _WHOLE + rb" MB, " + _WHOLE + _FREED
    + rb"(?>, " + _WHOLE + rb" goroutines|)" + _SLASHED + rb" sweeps" + _SHARED_TAIL
)  # fmt: skip


class _Times(dict[bytes, float]):
    """Milliseconds by what is printed. Two significant digits leave so few that looking up (0.05 µs) beats reading."""

    __slots__ = ()

    def __missing__(self, printed: bytes) -> float:
        return float(printed)


class _Wholes(dict[bytes, int]):
    """Whole numbers by what is printed; the small ones are ready."""

    __slots__ = ()

    def __missing__(self, printed: bytes) -> int:
        return int(printed)


_DECIMALS = ((3, 1, 100), (2, 10, 100), (1, 10, 100), (0, 0, 1000))  # the ranges of `fmtNSAsMS`
MILLISECONDS = _Times({b"%.*f" % (d, n / 10**d): n / 10**d for d, first, end in _DECIMALS for n in range(first, end)})
WHOLES = _Wholes({b"%d" % n: n for n in range(8192)})


def cycle_from_groups(groups: Groups) -> GcCycle:
    """The collection in the groups of a match of MODERN."""
    ms: Any = MILLISECONDS
    whole: Any = WHOLES
    number, at, share, leak, w1, w2, w3, c1, c2, c3, c4, c5, h0, h1, h2, goal, stacks, roots, procs, forced = groups
    goal_mib = whole[goal]
    return GcCycle(
        whole[number],
        float(at),  # type: ignore[arg-type]
        whole[share],
        (ms[w1], ms[w2], ms[w3]),
        (ms[c1], ms[c2], ms[c3], ms[c4], ms[c5]),
        whole[h0],
        whole[h1],
        whole[h2],
        goal_mib if goal_mib < NO_GOAL_MIB else None,
        None if stacks is None else whole[stacks],
        None if roots is None else whole[roots],
        whole[procs],
        forced is not None,
        leak is not None,
        "1.26+" if leak else "1.6-1.17" if stacks is None else "1.18+",
    )


def _from_1_5(groups: Groups) -> GcCycle:
    times: Any = groups[3:15]
    numbers: Any = groups
    h0, h1, h2, goal, procs, forced = numbers[15:]
    return GcCycle(
        int(numbers[0]),
        float(numbers[1]),
        int(numbers[2]),
        tuple(map(float, times[:5])),
        tuple(map(float, times[5:])),
        int(h0),
        int(h1),
        int(h2),
        _goal(None if goal is None else int(goal)),
        None,
        None,
        int(procs),
        forced is not None,
        leak_check=False,
        go="1.5",
    )


def _from_1_0_to_1_2(groups: Groups) -> GcCycle:
    numbers: Any = groups
    number, procs, mark, sweep, rest, comma, before, after, _, objects = numbers
    clock_ms = (float(mark), float(sweep), float(rest))
    go = "1.1-1.2" if comma else "1.0"
    return _before_1_5(int(number), int(procs), clock_ms, int(before), int(after), go=go, objects=int(objects))


def _from_1_3_and_1_4(groups: Groups) -> GcCycle:
    numbers: Any = groups
    number, procs, stop, sweep, mark, wait, prev, now, objects, goroutines = numbers
    return _unswept(
        int(number),
        int(procs),
        (int(stop), int(sweep), int(mark), int(wait)),
        int(prev),
        int(now),
        objects=int(objects),
        goroutines=None if goroutines is None else int(goroutines),
    )


_OLDER = (_GO_1_5, _from_1_5), (_GO_1_3_AND_1_4, _from_1_3_and_1_4), (_GO_1_0_TO_1_2, _from_1_0_to_1_2)
_modern = re.compile(MODERN + rb"\r?+").fullmatch


@cache
def _older() -> list[tuple[Callable[[bytes], re.Match[bytes] | None], Callable[[Groups], GcCycle]]]:
    """Made when needed: few logs are of Go before 1.6."""
    return [(re.compile(source + rb"\r?+").fullmatch, cycle) for source, cycle in _OLDER]


def parse_gctrace(line: bytes) -> GcCycle | None:
    """The collection that `line` (without its newline) reports, or None where it is no intact gctrace line.

    None does not settle it: what begins like a gctrace line may still be one for `read_gctrace`.
    """
    found = _modern(line)
    if found is not None:
        return cycle_from_groups(found.groups())
    if not line.startswith(b"gc"):
        return None
    for fullmatch, cycle in _older():
        found = fullmatch(line)
        if found is not None:
            return cycle(found.groups())
    return None


# --- What the generations have in common ----------------------------------------------------------------------------


def _goal(goal_mib: int | None) -> int | None:
    return None if goal_mib is None or goal_mib >= NO_GOAL_MIB else goal_mib


def _before_1_5(  # noqa: PLR0913  (one line of Go 1.0 to 1.2 has that many facts)
    number: int,
    procs: int,
    clock_ms: tuple[float, ...],
    before_mib: int,
    after_mib: int,
    *,
    go: str,
    objects: int | None,
    rest: str | None = None,
) -> GcCycle:
    """1.0 to 1.2: the arrow goes from before the collection to after it."""
    return GcCycle(
        number=number,
        uptime_s=None,
        gc_cpu_percent=None,
        clock_ms=clock_ms,
        cpu_ms=(),
        heap_start_mib=before_mib,
        heap_end_mib=before_mib,
        heap_marked_mib=after_mib,
        goal_mib=None,
        stacks_mib=None,
        globals_mib=None,
        procs=procs,
        forced=False,
        leak_check=False,
        go=go,
        objects=objects,
        rest=rest,
    )


def _unswept(  # noqa: PLR0913  (one line of Go 1.3 or 1.4 has that many facts)
    number: int,
    procs: int,
    clock_us: Sequence[int],
    prev_live_mib: int,
    now_mib: int,
    *,
    objects: int | None,
    goroutines: int | None,
    rest: str | None = None,
) -> GcCycle:
    """1.3 and 1.4: the arrow goes from what the cycle before left alive to the heap now, of which nothing is swept."""
    return GcCycle(
        number=number,
        uptime_s=None,
        gc_cpu_percent=None,
        clock_ms=tuple(us / 1000 for us in clock_us),
        cpu_ms=(),
        heap_start_mib=now_mib,
        heap_end_mib=now_mib,
        heap_marked_mib=None,
        goal_mib=None,
        stacks_mib=None,
        globals_mib=None,
        procs=procs,
        forced=False,
        leak_check=False,
        go="1.3" if goroutines is None else "1.4",
        heap_prev_live_mib=prev_live_mib,
        objects=objects,
        goroutines=goroutines,
        rest=rest,
    )


# --- The grammar ----------------------------------------------------------------------------------------------------


def read_gctrace(text: str) -> GcCycle:
    """The collection that `text` reports, read by its labels, in whatever layout (0.5 ms).

    Parts that no Go has printed so far are kept as they stand, in `GcCycle.rest`. Raises NotGctrace.
    """
    from pyparsing import ParseBaseException

    from gctail.parsing.gctrace_grammar import GCTRACE, GCTRACE_AND_MORE

    if len(text) > LONGEST_LINE:
        raise NotGctrace(LONGEST_LINE, "a shorter line")
    try:
        return _cycle(GCTRACE.parse_string(text).as_dict())
    except ParseBaseException as misfit:
        strange = NotGctrace(misfit.loc, misfit.msg.removeprefix("Expected ").partition(", found")[0])
    try:
        return _cycle(GCTRACE_AND_MORE.parse_string(text).as_dict())
    except ParseBaseException:
        raise strange from None  # where the layouts that we know end is the better place


def _cycle(found: dict[str, Any]) -> GcCycle:
    rest = ", ".join(found.get("rest", ())) or None
    if "uptime_s" in found:
        return _since_1_5(found, rest)
    shared = {"objects": found["objects"], "rest": rest}
    sizes = found["number"], found["procs"], found["clock"], found["first_mib"], found["second_mib"]
    if found["unit"] == "us":
        return _unswept(*sizes, goroutines=found.get("goroutines"), **shared)
    number, procs, clock, before, after = sizes
    go = "1.1-1.2" if "comma" in found else "1.0"
    return _before_1_5(number, procs, tuple(clock), before, after, go=go, **shared)


def _since_1_5(found: dict[str, Any], rest: str | None) -> GcCycle:
    stacks_mib, leak_check = found.get("stacks_mib"), "leak_check" in found
    go = "1.6-1.17" if stacks_mib is None else "1.18+"
    if len(found["clock_ms"]) == 5:
        go = "1.5"
    return GcCycle(
        number=found["number"],
        uptime_s=found["uptime_s"],
        gc_cpu_percent=found["gc_cpu_percent"],
        clock_ms=tuple(found["clock_ms"]),
        cpu_ms=tuple(found["cpu_ms"]),
        heap_start_mib=found["start_mib"],
        heap_end_mib=found["end_mib"],
        heap_marked_mib=found["marked_mib"],
        goal_mib=_goal(found.get("goal_mib")),
        stacks_mib=stacks_mib,
        globals_mib=found.get("globals_mib"),
        procs=found["procs"],
        forced="forced" in found,
        leak_check=leak_check,
        go="1.26+" if leak_check else go,
        rest=rest,
    )


# --- The checksum ---------------------------------------------------------------------------------------------------


def checksum_holds(cycle: GcCycle) -> bool:
    """Whether the CPU times of the two stops of the world fit their clock times, as on every intact line.

    The CPU time of a stop is its clock time multiplied by a whole number k between 1 and P: since 1.9 the same k for
    both stops, up to 1.8 the number of helpers of each. Times are printed truncated, so each is an interval; a line
    glued together from the pieces of two collections rarely fits. Lines before 1.5 carry no CPU times and always pass.
    Source: `gcMarkTermination` in mgc.go.
    """
    clock, cpu = cycle.clock_ms, cycle.cpu_ms
    if not cpu or not clock:
        return True
    coarse = all(time.is_integer() for time in (*clock, *cpu))  # early in 2015 times were whole milliseconds
    first = _factors(clock[0], cpu[0], coarse=coarse)
    last = _factors(clock[-1], cpu[-1], coarse=coarse)
    if cycle.go in {"1.5", "1.6-1.17"}:
        return all(max(1, low) <= min(high, cycle.procs) for low, high in (first, last))
    return max(1, first[0], last[0]) <= min(first[1], last[1], cycle.procs)


def _factors(clock_ms: float, cpu_ms: float, *, coarse: bool) -> tuple[int, int]:
    """The smallest and the largest whole k for which `cpu_ms` can be k times `clock_ms`, both truncated."""
    clock_low, clock_high = _interval_ns(clock_ms, coarse=coarse)
    cpu_low, cpu_high = _interval_ns(cpu_ms, coarse=coarse)
    return -(-cpu_low // clock_high), cpu_high // clock_low if clock_low else cpu_high


def _interval_ns(printed_ms: float, *, coarse: bool) -> tuple[int, int]:
    """The least and the greatest time that `fmtNSAsMS` prints so: two significant digits, never less than 1 µs."""
    low = round(printed_ms * 1_000_000)
    if coarse or low >= 10_000_000:
        step = 1_000_000
    elif low >= 1_000_000:
        step = 100_000
    else:
        step = 10_000 if low >= 100_000 else 1_000
    return low, low + step - 1
