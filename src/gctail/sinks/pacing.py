"""When what is sent: grouping, the rate limit, and the pauses between attempts. Time is an argument."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct

from gctail.sinks.spool import Waiting
from gctail.whose.deployment import deployment_name

MOST_IN_MESSAGE = 200
CRITICAL = "critical"


class Turn(Struct, frozen=True):
    """What is to be done: send these now, or wait so long (None: until something new comes)."""

    batch: tuple[Waiting, ...] = ()
    wait_s: float | None = None


class Allowance:
    """A bucket of messages: it holds at most an hour's, full at first, and fills evenly."""

    def __init__(self, per_hour: int, now_s: float) -> None:
        self._per_hour = per_hour
        self._left = float(max(1, per_hour))
        self._at_s = now_s

    def left_at(self, now_s: float) -> float:
        """How many messages may go."""
        self._left = min(max(1.0, self._per_hour), self._left + max(0.0, now_s - self._at_s) * self._per_hour / 3600.0)
        self._at_s = now_s
        return self._left

    def take(self, count: int = 1) -> None:
        """So many went."""
        self._left -= count

    def wait_s(self) -> float:
        """Until the next may go."""
        return max(0.0, 1.0 - self._left) * 3600.0 / self._per_hour


class Pacing(Struct, frozen=True):
    """How a sink groups: see `[alerts]`."""

    group_wait_s: float
    group_by: tuple[str, ...]

    def turn(self, waiting: Sequence[Waiting], now_s: float, allowance: Allowance) -> Turn:
        """What is to be done with what waits for a sink, oldest first.

        A group goes when its first notice has waited long enough, or at once where one of it is critical. Where the
        allowance is used up everything waits, and then goes together as one message.
        """
        if not waiting:
            return Turn()
        groups: dict[tuple[str, ...], list[Waiting]] = {}
        for each in waiting:
            groups.setdefault(self._group(each), []).append(each)
        due = {name: self._due_s(group) for name, group in groups.items()}
        first = min(due, key=lambda name: (due[name], groups[name][0].number))
        if due[first] > now_s:
            return Turn(wait_s=due[first] - now_s)
        left = allowance.left_at(now_s)
        if left < 1.0:
            return Turn(wait_s=allowance.wait_s())
        ready = [name for name in groups if due[name] <= now_s]
        if left < len(ready):  # not enough for one message each
            return Turn(tuple(waiting[:MOST_IN_MESSAGE]))
        return Turn(tuple(groups[first][:MOST_IN_MESSAGE]))

    def _group(self, waiting: Waiting) -> tuple[str, ...]:
        finding = waiting.notice.finding
        return tuple(
            deployment_name(finding.service) if name == "deployment" else str(getattr(finding, name))
            for name in self.group_by
        )

    def _due_s(self, group: Sequence[Waiting]) -> float:
        """When a group goes; a clock that was set back makes nobody wait."""
        if any(each.notice.finding.severity == CRITICAL for each in group):
            return 0.0
        return group[0].notice.at_s + self.group_wait_s


class Pauses:
    """The pauses between attempts: each twice as long as the one before, up to a bound, with chance in it.

    "Full jitter": anything between nothing and the pause (Brooker, "Exponential Backoff and Jitter", AWS 2015), here at
    least half of it, so that a dead receiver is left in peace.
    """

    def __init__(self, least_s: float, most_s: float, chance: Callable[[], float]) -> None:
        self._least_s, self._most_s, self._chance = least_s, most_s, chance
        self.failures = 0

    def failed(self, after_s: float | None = None) -> float:
        """One more attempt failed: how long to wait. `after_s` is what the other end asks for."""
        pause_s = min(self._most_s, self._least_s * 2.0 ** min(self.failures, 30))
        self.failures += 1
        return max(pause_s * (0.5 + 0.5 * self._chance()), min(after_s or 0.0, self._most_s))

    def succeeded(self) -> None:
        """It works again."""
        self.failures = 0
