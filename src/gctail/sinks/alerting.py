"""All alert sinks of a configuration as one sink: findings go to the disk at once, and from there, when they can, out.

Two kinds of threads: one writes what was taken into the spool, and one per sink delivers. The reader only appends to a
queue, so no slow network and no slow disk holds it up.
"""

from __future__ import annotations

import random
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct

from gctail.records import Finding
from gctail.sinks.cooldown import Cooldown
from gctail.sinks.kinds import letters_of
from gctail.sinks.letters import Undelivered
from gctail.sinks.notices import Notice
from gctail.sinks.out import complain
from gctail.sinks.pacing import Allowance, Pacing, Pauses
from gctail.sinks.route import Quiet, Route
from gctail.sinks.spool import Spool, Waiting

MOST_QUEUED = 100_000
"""Findings on their way to the spool; beyond it the reader waits for the disk, at most so long:"""
FULL_WAIT_S = 1.0
CLOSE_S = 10.0
"""So long a sink may go on delivering when gctail ends; what is left waits in the spool for the next start."""
LAST_S = 0.1
"""And so long all of them together, to notice that nothing is to be tried again."""
NOTE_AGAIN_S = 1.0
GIVE_UP_AFTER = 5
"""So many times a message that the other end calls wrong is tried again, before it is given up."""


class Plan(Struct, frozen=True):
    """What the configuration says about alerts, ready to be used."""

    sinks: Mapping[str, Route]
    quiet: tuple[Quiet, ...] = ()
    pacing: Pacing = Pacing(2.0, ("service",))
    most_per_hour: int = 60
    retry_least_s: float = 1.0
    retry_most_s: float = 300.0
    most_age_s: float | None = None
    cooldown_s: float = 0.0

    def wanted(self, notice: Notice) -> bool:
        """Whether the notice goes anywhere: it is not silenced, and not too old by its log."""
        too_old = self.most_age_s is not None and notice.at_s - notice.time_s > self.most_age_s
        return not too_old and not any(each.holds(notice) for each in self.quiet)


class World(Struct, frozen=True):
    """What of the world alerting needs: the time, chance, and where complaints go."""

    now: Callable[[], float] = time.time
    chance: Callable[[], float] = random.random
    complain: Callable[[str], None] = complain


class Alerting:
    """A `Sink`: what it took is safe once it is in the spool."""

    name = "alerts"

    def __init__(self, plan: Plan, spool: Spool, world: World | None = None) -> None:
        self.plan = plan
        self.spool = spool
        self._world = world or World()
        self._queue: deque[Notice] = deque()
        self._changed = threading.Condition()
        self._writing = False
        self._closing = False
        self._lost = self._lost_ever = 0
        self._patience_s = CLOSE_S
        self._is_full = False
        self._cooldown = Cooldown()
        self._couriers: dict[str, Courier] = {}
        self._writer = threading.Thread(target=self._write, name="gctail-spool", daemon=True)
        self._writer.start()
        self.reload(plan)

    def take(self, findings: Sequence[Finding]) -> None:
        """Accept findings; returns at once."""
        now_s = self._world.now()
        with self._changed:
            if len(self._queue) > MOST_QUEUED:
                self._changed.wait_for(lambda: len(self._queue) < MOST_QUEUED, FULL_WAIT_S)
            if len(self._queue) > MOST_QUEUED:
                self._lost += len(findings)
                self._lost_ever += len(findings)
                return
            self._queue.extend(Notice(finding, now_s) for finding in findings)
            self._changed.notify_all()

    def settled(self, within_s: float) -> bool:
        """Whether all that was taken is in the spool, or not wanted by any sink."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._queue and not self._writing, within_s)

    def health(self) -> dict[str, dict[str, int]]:
        """How each sink is doing: notices waiting, delivered and refused for good, and attempts that failed."""
        if self._closing:
            return {}
        waiting = self.spool.counts()
        return {name: courier.health(waiting.get(name, 0)) for name, courier in self._couriers.items()}

    @property
    def dropped(self) -> int:
        """Findings that no sink will hear of, because the spool was full or the disk too slow."""
        return self.spool.given_up + self._lost_ever

    def reload(self, plan: Plan) -> None:
        """Go on with another plan; what waits for a sink that is still there goes by its new settings."""
        with self._changed:
            self.plan = plan
        for name in [name for name in self._couriers if name not in plan.sinks]:
            self._couriers.pop(name).end()
        for name, settings in plan.sinks.items():
            courier = self._couriers.get(name)
            if courier is None:
                self._couriers[name] = Courier(name, settings, plan, self.spool, self._world)
            else:
                courier.reload(settings, plan)

    def hasten(self, within_s: float) -> None:
        """Somebody waits for the end: take no longer for it than this."""
        self._patience_s = within_s

    def close(self) -> None:
        """Write what was taken into the spool, deliver what can be delivered in a few seconds, and stop."""
        if self._closing:
            return
        until_s = time.monotonic() + self._patience_s
        self.settled(self._patience_s)
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._writer.join(max(0.0, until_s - time.monotonic()))
        couriers = list(self._couriers.values())
        for courier in couriers:
            courier.hurry()
        for courier in couriers:
            courier.join(max(0.0, until_s - time.monotonic()))
        for courier in couriers:
            courier.end()
        for courier in couriers:
            courier.join(max(0.0, until_s + LAST_S - time.monotonic()))
        left = self.spool.counts()
        if left:
            told = ", ".join(f"{count} for {name}" for name, count in left.items())
            self._world.complain(f"alerts not delivered yet: {told}; they wait in {self.spool.path}")
        self.spool.close()

    def _write(self) -> None:
        """The thread that brings notices to the spool."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._queue or self._closing)
                if not self._queue:
                    return
                notices = [self._queue.popleft() for _ in range(min(len(self._queue), 1000))]
                self._writing, plan = True, self.plan
            try:
                self._put(notices, plan)
            finally:
                with self._changed:
                    self._writing = False
                    self._changed.notify_all()

    def _put(self, notices: Sequence[Notice], plan: Plan) -> None:
        cooldown, routed = self._cooldown.copy(), []
        for notice in notices:
            names = [name for name, route in plan.sinks.items() if route.wants(notice)] if plan.wanted(notice) else []
            if names and cooldown.passes(notice, plan.cooldown_s):
                routed += [(name, notice) for name in names]
        given_up, lost = self.spool.given_up, self._lost
        try:
            self.spool.put(routed)
        except Exception as error:  # noqa: BLE001 - a full disk must not end the thread; it is told and tried again
            if not self._is_full:
                self._world.complain(f"alerts: {self.spool.path}: {error}; tried again until it works")
            self._is_full = True
            time.sleep(1.0)
            with self._changed:
                self._queue.extendleft(reversed(notices))
            return
        self._cooldown = cooldown
        if self._is_full:
            self._is_full = False
            self._world.complain(f"alerts: {self.spool.path}: works again")
        if self.spool.given_up > given_up:
            self._world.complain(f"alerts: the spool is full: {self.spool.given_up} findings given up so far")
        if lost:
            self._lost = 0
            self._world.complain(f"alerts: {lost} findings came faster than the disk took them, and were lost")
        for name in {name: None for name, _ in routed}:
            courier = self._couriers.get(name)
            if courier is not None:
                courier.wake()


class Courier:
    """The thread that delivers for one sink: says once when the other end is away, and once when it is back."""

    def __init__(self, name: str, settings: Route, plan: Plan, spool: Spool, world: World) -> None:
        self.name = name
        self._spool, self._world = spool, world
        self._changed = threading.Condition()
        self._news = True
        self._hurried = self._closing = False
        self._wrong = 0
        self._done: list[Waiting] = []  # arrived, and not noted yet
        self._delivered = self._refused = self._failures = 0
        self.reload(settings, plan)
        self._thread = threading.Thread(target=self._run, name=f"gctail-{name}", daemon=True)
        self._thread.start()

    def reload(self, settings: Route, plan: Plan) -> None:
        """Go on with other settings."""
        with self._changed:
            self._settings, self._pacing = settings, plan.pacing
            self._allowance = Allowance(plan.most_per_hour, self._world.now())
            self._pauses = Pauses(plan.retry_least_s, plan.retry_most_s, self._world.chance)
            self._news = True
            self._changed.notify_all()

    def health(self, waiting: int) -> dict[str, int]:
        """What became of its notices so far, beside those that wait."""
        told = {"delivered": self._delivered, "refused": self._refused, "failures": self._failures}
        return {"waiting": waiting, **told}

    def wake(self) -> None:
        """There is something new."""
        with self._changed:
            self._news = True
            self._changed.notify_all()

    def hurry(self) -> None:
        """Wait for no company any more, and stop when all is delivered."""
        with self._changed:
            self._hurried = self._news = True
            self._changed.notify_all()

    def join(self, within_s: float) -> None:
        """Wait until it has stopped, at most so long."""
        self._thread.join(within_s)

    def end(self) -> None:
        """Stop after what is under way."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()

    def _run(self) -> None:
        while not self._closing:
            with self._changed:
                self._news = False
                pacing = Pacing(0.0, self._pacing.group_by) if self._hurried else self._pacing
            if not self._noted():
                if self._hurried:
                    return
                with self._changed:
                    self._changed.wait_for(lambda: self._closing or self._hurried, NOTE_AGAIN_S)
                continue
            waiting = self._spool.waiting(self.name)
            turn = pacing.turn(waiting, self._world.now(), self._allowance)
            if turn.batch:
                self._deliver(turn.batch)
            elif self._hurried:
                return
            else:
                self._wait(turn.wait_s)

    def _noted(self) -> bool:
        """Whether the spool knows what has arrived: nothing else is sent before that, or it would be sent again."""
        if self._done:
            try:
                self._spool.delivered(self.name, self._done)
            except sqlite3.Error:  # the disk is full, which the other thread tells
                return False
            self._done.clear()
        return True

    def _wait(self, wait_s: float | None) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._news or self._closing or self._hurried, wait_s)

    def _deliver(self, batch: Sequence[Waiting]) -> None:
        notices = [each.notice for each in batch]
        try:
            for letter in letters_of(self._settings)(self._settings, notices, self._world.now()):
                letter.send(self._settings.timeout_s)
        except Undelivered as error:
            self._failed(batch, error)
            return
        except (Exception, SystemExit) as error:  # noqa: BLE001 - no mistake may end the thread that wakes people
            self._failed(batch, Undelivered(f"{type(error).__name__}: {error}"))
            return
        self._allowance.take()
        self._done += batch
        self._noted()
        self._delivered += len(batch)
        self._wrong = 0
        if self._pauses.failures:
            self._world.complain(f"alerts: {self.name} is back; what waited is being sent")
        self._pauses.succeeded()

    def _failed(self, batch: Sequence[Waiting], error: Undelivered) -> None:
        self._failures += 1
        self._wrong = self._wrong + 1 if error.hopeless else 0
        if self._wrong >= GIVE_UP_AFTER:
            self._wrong = 0
            counted = "1 finding" if len(batch) == 1 else f"{len(batch)} findings"
            self._world.complain(f"alerts: {self.name} refuses {counted} for good: {error}")
            self._done += batch
            self._noted()
            self._refused += len(batch)
            return
        if not self._pauses.failures:
            self._world.complain(f"alerts: {self.name}: {error}; tried again until it works")
        pause_s = self._pauses.failed(error.after_s)
        with self._changed:
            self._changed.wait_for(lambda: self._closing, pause_s if not self._hurried else min(pause_s, 1.0))
