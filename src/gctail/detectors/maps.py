"""A map that doubles: its memory stands still for most of the time and then grows by a power of two."""

from __future__ import annotations

from math import log2
from typing import Any

from gctail.detectors.alarm import Alarm
from gctail.detectors.values import Block, Carryover, Signal, Surroundings

JUMP = 1.3
SMALLEST_JUMP_MIB = 4
LONGEST_PLATEAU = 24
FALL = (0.2, 0.8)
"""Share of the jump that is given back when the old buckets are free: 0.45 with payload, 0.6 without."""
OF_A_SLICE, QUARTER = 0.7, 1.25
"""A large slice grows by a quarter (runtime/slice.go): what it gives back is 0.8 of its new array. Not every copy of it
is seen."""
KEPT = 6
CLASSIC_LOAD = 6.5


class MapGrowth:
    """Speaks when the live heap jumps, stays for a while and falls back in part, at levels a factor two apart.

    That is how a map with buckets grows (Go 1.1 to 1.23): at 6.5 * 2^B entries an array twice as large is allocated at
    once, and the old one lives on until it is evacuated. Swiss maps (since 1.24) have no second copy: their ramps show
    in the shape of the growth only.
    """

    kind = "map-growth"

    def __init__(self, memory: Carryover) -> None:
        del memory
        self._alarm = Alarm(self.kind)
        self._lives: list[int] = []
        self._jump: list[int] | None = None  # level before, level after, collections since
        self._doublings: list[list[float]] = []  # level before, jump, fall, clock

    def observe(self, block: Block, surroundings: Surroundings) -> list[Signal]:
        """Follow the live heap of every collection in the block."""
        del surroundings
        found: list[Signal] = []
        lives = [row.live for row in block.rows]
        if self._jump is None and max(lives) < JUMP * min([*lives, *self._lives]):
            self._lives = [*self._lives, *lives][-3:]
            return found
        for row in block.rows:
            if self._follow(row.live, row.clock_s):
                found += self._tell(row.number)
            self._lives = [*self._lives[-2:], row.live]
        return found

    def _follow(self, live: int, clock_s: float) -> bool:
        """One collection; whether a doubling (up, plateau, down) has just been completed."""
        before = max(self._lives[-2:], default=0)
        if self._jump is None:
            if before >= SMALLEST_JUMP_MIB and live >= JUMP * before and live - before >= SMALLEST_JUMP_MIB:
                self._jump = [before, live, 0]
            return False
        low, high, age = self._jump
        if age > LONGEST_PLATEAU or live <= low or live > 1.35 * high:
            self._jump = None
            return False
        high = max(high, live) if age < 2 else high
        self._jump = [low, high, age + 1]
        fall = (high - live) / (high - low)
        if not FALL[0] <= fall <= FALL[1]:
            return False
        self._jump = None
        self._doublings = [*self._doublings, [low, high - low, fall * (high - low), round(clock_s, 3)]][-KEPT:]
        return True

    def belief(self, level: float, fatal: float, now_s: float) -> float:
        """How likely the map goes on doubling to the fatal level (MiB): its doublings so far against those left.

        The pauses between doublings double, too; when none has come for longer than that, the belief fades.
        """
        if len(self._doublings) < 2 or not self._is_map():
            return 0.0
        first, (_, _, _, before_s), (_, _, _, last_s) = self._doublings[0][0], self._doublings[-2], self._doublings[-1]
        done, left = log2(max(level, first) / first), log2(max(fatal, level, first) / max(level, first))
        expected_s = 2.5 * (last_s - before_s)
        waiting = min(1.0, expected_s / max(now_s - last_s, 1e-3))
        count = len(self._doublings)
        return done / (done + left + 1e-9) * count / (count + 1.0) * waiting

    def _is_map(self) -> bool:
        """Whether the last two jumps lie a factor two apart, in size and in level."""
        (low, jump, _, _), (later_low, later_jump, _, _) = self._doublings[-2:]
        return 1.55 <= later_jump / jump <= 2.5 and 1.3 <= later_low / low <= 2.8

    def _tell(self, number: int) -> list[Signal]:
        """Two doublings a factor two apart are a map; the last one's fall is the old array, and tells the entries."""
        if len(self._doublings) < 2 or not self._is_map():
            return []
        (_, jump, _, _), (_, later_jump, fall, _) = self._doublings[-2:]
        is_slice = fall >= OF_A_SLICE * later_jump
        like = "one slice that is appended to" if is_slice else "one map or one buffer that doubles"
        following = QUARTER if is_slice else 2.0
        return self._alarm.on(
            "warning" if len(self._doublings) > 2 else "info",
            f"the live heap grows like {like}: at gc {number} it fell back by {fall:.0f} MiB after a jump of "
            f"{later_jump:.0f} MiB, twice the jump before ({jump:.0f} MiB); the next one will ask for about "
            f"{following * later_jump:.0f} MiB at once",
            {
                "jumps_mib": [doubling[1] for doubling in self._doublings],
                "levels_mib": [doubling[0] for doubling in self._doublings],
                "cycle": number,
                "next_jump_mib": following * later_jump,
                "entries": {} if is_slice else _entries(later_jump),
            },
        )

    def state(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "severity": self._alarm.severity,
            "lives": list(self._lives),
            "jump": list(self._jump) if self._jump else None,
            "doublings": [list(doubling) for doubling in self._doublings],
        }

    def load(self, state: dict[str, Any]) -> None:
        """Become what `state` was taken from."""
        self._alarm.severity, self._lives = state["severity"], list(state["lives"])
        self._jump = list(state["jump"]) if state["jump"] else None
        self._doublings = [list(doubling) for doubling in state["doublings"]]


def _entries(array_mib: float) -> dict[str, int]:
    """Entries at the moment of growth, for usual bucket sizes: the new array has twice the old one's 2^B buckets.

    A bucket holds eight: 144 bytes with integers or pointers on both sides, 208 with string keys, 272 with strings.
    """
    buckets = {
        name: array_mib * 2**20 / (size * 17 / 16) for name, size in (("int", 144), ("string", 208), ("strings", 272))
    }
    return {name: _growth_point(count) for name, count in buckets.items()}


def _growth_point(buckets: float) -> int:
    """6.5 times the power of two below `buckets`, which is where a map of half as many buckets grows."""
    power = 1
    while power * 2 <= buckets * 0.75:
        power *= 2
    return round(CLASSIC_LOAD * power)
