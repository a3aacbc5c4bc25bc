"""Go services that never ran: what their collector would print, with the truth about their heap beside it.

A *plan* says, minute by minute of virtual time, how much memory a service holds, how fast it allocates and what is in
flight. `run` plays Go's collector over it: goal = live + (live + stacks + globals) * GOGC/100, never under 4 MiB *
GOGC/100 and never over what GOMEMLIMIT leaves; a collection starts at nine tenths of the way to the goal, or after two
quiet minutes; what is allocated while it marks survives it; every size is printed as whole MiB, cut off. A process dies
when what it has allocated meets the container's limit: a goal that is too high kills nobody, but the collection that it
asks for does not come any more.

    python bench/detection/simulator.py leak-fast 3      # prints the trace of one run
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import pairwise

import numpy as np

from gctail.records import GcCycle

MINUTES = 60
STACK_SCANNED = 0.35
"""Of the stacks in use a trace prints about a third, what was scanned."""
OVERHEAD_SHARE, OVERHEAD_MIB = 0.035, 2.0
MOST_CYCLES = 30_000
USELESS_CYCLES = 300
"""So many collections back to back, and the service is as good as dead."""


@dataclass
class Plan:
    """Virtual minutes of a service's life: one value a minute; sizes in MiB, rates in MiB per virtual second."""

    live: np.ndarray
    rate: np.ndarray
    flight: np.ndarray
    stacks: np.ndarray | None = None
    gogc: np.ndarray | None = None
    memory_limit: float | None = None
    restarts: list[int] = field(default_factory=list)
    onset_min: int | None = None
    growth: np.ndarray | None = None  # from 0 to 1 and beyond: which share of the room to the limit a leak has taken
    tto_min: float | None = None
    hard_limit: float | None = None
    base: float = 100.0
    stop_share: float | None = None  # a twin's growth stops here
    stack_growth: bool = False
    fixed_min: int | None = None  # the leak is repaired here


@dataclass
class Series:
    """One run: its collections by process epoch, and the truth. Times are seconds since the first process start."""

    name: str
    seed: int
    part: str
    leak: bool
    epochs: list[list[tuple[float, GcCycle]]]
    starts_s: list[float]
    limit_mib: float
    hour_s: float
    onset_s: float | None
    death_s: float | None
    built_s: float | None
    fixed_s: float | None
    twin_of: str | None

    @property
    def end_s(self) -> float:
        """When the last collection was."""
        return self.starts_s[-1] + self.epochs[-1][-1][0]

    @property
    def days(self) -> float:
        """Virtual service-days, whatever the scale of time."""
        return self.end_s / self.hour_s / 24


def generator(name: str, seed: int) -> np.random.Generator:
    """Chance that depends on the scenario's name and the seed only."""
    return np.random.default_rng(int.from_bytes(blake2b(f"{name}/{seed}".encode(), digest_size=8).digest()))


def smooth_noise(rng: np.random.Generator, count: int, memory: float, spread: float) -> np.ndarray:
    """AR(1) noise with the given standard deviation; `memory` in samples."""
    phi = np.exp(-1.0 / memory)
    shocks = rng.normal(0.0, spread * np.sqrt(1 - phi * phi), count)
    out = np.empty(count)
    value = rng.normal(0.0, spread)
    for index in range(count):
        value = phi * value + shocks[index]
        out[index] = value
    return out


def run(  # noqa: PLR0913, PLR0917 - what a run is made of
    name: str,
    plan: Plan,
    rng: np.random.Generator,
    seed: int,
    hour_s: float,
    part: str,
    twin_of: str | None = None,
) -> Series:
    """Play the collector over a plan; `hour_s` real seconds are one virtual hour."""
    limit = _limit(plan, rng)
    _grow(plan, limit)
    quick = hour_s / 3600.0
    cuts = [0, *plan.restarts, len(plan.live)]
    epochs: list[list[tuple[float, GcCycle]]] = []
    starts: list[float] = []
    death_s = None
    for begin, end in pairwise(cuts):
        cycles, died = _epoch(plan, begin, end, limit, quick, rng)
        if not cycles:
            continue
        starts.append(begin * 60 * quick)
        epochs.append(cycles)
        if died is not None:
            death_s = starts[-1] + died
            break
    onset_s = None if plan.onset_min is None else plan.onset_min * 60 * quick
    fixed_s = None if plan.fixed_min is None else plan.fixed_min * 60 * quick
    leak = plan.onset_min is not None and plan.stop_share is None
    built_s = None if plan.tto_min is None or onset_s is None else onset_s + plan.tto_min * 60 * quick
    return Series(
        name=name,
        seed=seed,
        part=part,
        leak=leak,
        epochs=epochs,
        starts_s=starts,
        limit_mib=limit,
        hour_s=hour_s,
        onset_s=onset_s if leak else None,
        death_s=death_s,
        built_s=built_s,
        fixed_s=fixed_s,
        twin_of=twin_of,
    )


def _limit(plan: Plan, rng: np.random.Generator) -> float:
    """The container's limit: benign services use 50 to 97 % of it at their peak; leaks start far enough below."""
    gogc = plan.gogc if plan.gogc is not None else np.full(len(plan.live), 100.0)
    stacks = plan.stacks if plan.stacks is not None else np.zeros(len(plan.live))
    held = plan.live + 1.35 * plan.flight
    if plan.memory_limit is not None:
        peak = max(plan.memory_limit, float(np.max(held + stacks))) + 8
    else:
        peak = float(np.max(held * (1 + gogc / 100) + stacks))
    peak = peak * (1 + OVERHEAD_SHARE) + OVERHEAD_MIB
    if plan.hard_limit is not None:
        return max(plan.hard_limit, 1.25 * peak)
    if plan.growth is None:
        return peak / rng.uniform(0.5, 0.95)
    return peak / rng.uniform(0.2, 0.62)


def _grow(plan: Plan, limit: float) -> None:
    """Add the leak: its growth, as a share of the room between the service's usual level and the fatal one."""
    if plan.growth is None:
        return
    gogc = 100.0 if plan.gogc is None else float(np.median(plan.gogc))
    factor = 1.0 if plan.memory_limit is not None else 1 + gogc / 100
    ceiling = plan.memory_limit if plan.memory_limit is not None else limit
    fatal = (ceiling / (1 + OVERHEAD_SHARE) - OVERHEAD_MIB) / factor
    room = fatal - float(np.median(plan.live + plan.flight))
    growth = plan.growth if plan.stop_share is None else np.minimum(plan.growth, plan.stop_share)
    if plan.stack_growth:
        stacks = plan.stacks if plan.stacks is not None else np.zeros(len(plan.live))
        plan.stacks = stacks + 0.9 * room * growth
        plan.live = plan.live + 0.45 * room * growth
        return
    plan.live = plan.live + room * growth


def _epoch(  # noqa: PLR0913, PLR0917 - the collector has that many numbers
    plan: Plan,
    begin: int,
    end: int,
    limit: float,
    quick: float,
    rng: np.random.Generator,
) -> tuple[list[tuple[float, GcCycle]], float | None]:
    """One process from minute `begin` to `end`: its collections by seconds since its start, and when it died."""
    live_m, rate_m, flight_m = plan.live.tolist(), plan.rate.tolist(), plan.flight.tolist()
    gogc_m = plan.gogc.tolist() if plan.gogc is not None else None
    stacks_m = plan.stacks.tolist() if plan.stacks is not None else None
    noise = rng.normal(0.0, 1.0, 4096).tolist()
    quiet_s = 120.0 / quick if quick < 1 else 120.0
    now, marked, number, cpu_s = 0.0, 0.0, 0, 0.0
    span_s = (end - begin) * 60.0
    cycles: list[tuple[float, GcCycle]] = []
    wobble, breathless = 0.0, 0
    while now < span_s and number < MOST_CYCLES:
        index = min(begin + int(now / 60.0), end - 1)
        gogc = gogc_m[index] if gogc_m else 100.0
        stacks = stacks_m[index] if stacks_m else 0.3
        goal = max(marked + (marked + STACK_SCANNED * stacks + 0.5) * gogc / 100.0, 4.0 * gogc / 100.0)
        if plan.memory_limit is not None:
            room = (plan.memory_limit - 5.0 - stacks - 0.03 * marked) * 0.97
            if room < goal:
                goal = max(room, marked)
        rate = max(rate_m[index], 1e-4)
        start = marked + (0.93 + 0.04 * abs(noise[(3 * number) % 4096])) * (goal - marked)
        wait = (start - marked) / rate
        if wait > quiet_s:
            wait, start = quiet_s, marked + rate * quiet_s
        rest = 1e-3 * (1 + 0.1 * marked) / quick
        breathless = breathless + 1 if wait <= rest else 0
        wait = max(wait, rest)
        now += wait
        index = min(begin + int(now / 60.0), end - 1)
        wobble = 0.6 * wobble + 0.8 * noise[number % 4096]
        held = live_m[index] + flight_m[index] * max(0.05, 1 + 0.22 * wobble)
        mark_s = 2e-4 + held * 4e-4
        black = min(rate / quick * mark_s, 0.6 * held + 2)
        peak = max(start + black, held + black)
        fatal = (limit * (1.0 if plan.growth is not None else 1.3) - OVERHEAD_MIB - stacks) / (1 + OVERHEAD_SHARE)
        if peak > fatal:  # before this collection has ended
            late_s = max(0.0, start - max(fatal, marked)) / rate
            return cycles, (now - min(late_s, wait)) * quick
        stop_ms = 0.05 + 0.03 * abs(noise[(7 * number) % 4096])
        cpu_s += mark_s
        marked = held + black
        number += 1
        clock = (round(stop_ms, 3), round(mark_s * 1e3, 2), round(stop_ms / 4, 4))
        printed_stacks = int(STACK_SCANNED * stacks)
        cycle = GcCycle(
            number=number,
            uptime_s=round(now * quick, 3),
            gc_cpu_percent=min(99, int(25 * cpu_s / (now * quick + 1e-9))),
            clock_ms=clock,
            cpu_ms=(clock[0] * 4, 0.0, clock[1], 0.0, clock[2] * 4),
            heap_start_mib=int(max(start, held)),
            heap_end_mib=int(peak),
            heap_marked_mib=int(marked),
            goal_mib=int(goal),
            stacks_mib=printed_stacks,
            globals_mib=0,
            procs=4,
            forced=False,
            leak_check=False,
            go="1.21+",
        )
        cycles.append((now * quick, cycle))
        if plan.growth is not None and (breathless > USELESS_CYCLES or held > (plan.memory_limit or limit)):
            return cycles, now * quick
    return cycles, None


def trace_line(cycle: GcCycle) -> str:
    """The collection as Go 1.21 would print it."""
    clock = "+".join(f"{ms:g}" for ms in cycle.clock_ms)
    cpu = "{:g}+{:g}/{:g}/{:g}+{:g}".format(*cycle.cpu_ms)
    return (
        f"gc {cycle.number} @{cycle.uptime_s:.3f}s {cycle.gc_cpu_percent}%: {clock} ms clock, {cpu} ms cpu, "
        f"{cycle.heap_start_mib}->{cycle.heap_end_mib}->{cycle.heap_marked_mib} MB, {cycle.goal_mib} MB goal, "
        f"{cycle.stacks_mib} MB stacks, {cycle.globals_mib} MB globals, {cycle.procs} P"
    )


if __name__ == "__main__":
    from scenarios import series

    for _, shown in series(sys.argv[1], int(sys.argv[2])).epochs[0]:
        print(trace_line(shown))
