"""All services: every sighting and passage goes to its service, and what comes back is handed on.

Bounded: of more than `MOST_SERVICES` the one that has been silent longest is closed; what it had to say is kept.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Container, Iterable, Iterator

from msgspec.structs import replace

from gctail.claims import claimed
from gctail.engine.keeper import Keeper
from gctail.engine.mined import Mined
from gctail.engine.replicas import Replicas
from gctail.engine.window import Window
from gctail.parsing.burst import Burst, Found
from gctail.records import Death, Digest, Finding, HeapSample, Passage, Sighting
from gctail.rules import Plan
from gctail.service import Seen, Service

MOST_SERVICES = 10_000
SERVICES_A_TURN = 500
"""Time passes for so many services at once, once a second: for ten thousand, every 20 s."""
LONGEST_STEP_S = 5.0
MOST_HELD = 64
"""Reports of deaths, of finished logs, that wait for the end."""


class Engine:
    """Sorts what was read to its services. With a `keeper`, services come back that were known before."""

    def __init__(
        self,
        *,
        limit_mib: float | None = None,
        only: str | None = None,
        window: Window | None = None,
        judging: bool = True,
        plan: Plan | None = None,
    ) -> None:
        self.limit_mib = limit_mib
        self.only = only
        self.window = window
        self.judging = judging
        self.plan = plan
        self.limits: Callable[[str], float | None] | None = None
        """What is known of the limit of each service by itself; `limit_mib` where nothing is."""
        self.budget_per_day: float | None = None
        self.trace_points = 0
        self.mined = Mined()
        self.most_services = MOST_SERVICES
        self.keeper: Keeper | None = None
        self.replicas: Replicas | None = None
        self.tells_silence = False
        """Whether a service that falls silent is told: only where somebody listens to it live."""
        self.excused: Callable[[str], bool] = lambda _: False
        """Whether somebody knows why a service says nothing: its log was deleted."""
        self.over = False
        """Whether the logs have ended and are read to their ends: whose a death is can wait until all is known."""
        self._unclaimed: list[tuple[Sighting, Death]] = []
        self._heard: dict[str, Service] = {}  # since time has passed
        self._turns: list[str] = []
        self._now_s: float | None = None
        self._listened_s = 0.0
        self._clocks: dict[str, Service] = {}
        self.services: OrderedDict[str, Service] = OrderedDict()
        self.closed = self.retired = 0
        self.outside = self.untimed = 0
        self.runtime_lines = 0

    def observe(self, event: Sighting | Passage) -> Seen | None:
        """One thing that was read. None for passages, and for what was not asked for."""
        name = event.service
        if isinstance(event, Passage):
            if self.wanted(event):
                service = self._service(name)
                if self.mined.share and not service.mining:
                    self.mined.wants(service)
                service.read(event)
                if service.mining:
                    self.mined.weigh(service)
            return None
        self.runtime_lines += event.lines
        if isinstance(death := event.record, Death) and death.source != "go":
            event = claimed(event, death, self.services.values(), waits=self.over)
            name = event.service
            if self.over and not self._runs(name) and len(self._unclaimed) < MOST_HELD:
                self._unclaimed.append((event, death))
                return None
        if isinstance(event.record, HeapSample) and event.record.instance:
            name = f"{name} {event.record.instance}"
            event = replace(event, service=name)
        return self._tell(event)

    def _tell(self, event: Sighting) -> Seen | None:
        """One thing that was read, to the service that it is about, if that was asked for."""
        if not self.wanted(event):
            return None
        if self.window is not None and not self._inside(event, self.window):
            self.outside += 1
            return None
        return self._service(event.service).observe(event)

    def _runs(self, name: str) -> bool:
        return name in self.services and self.services[name].collections > 0

    def _claim_the_rest(self) -> list[Finding]:
        """Deaths that nobody has claimed while the logs were read."""
        held, self._unclaimed = self._unclaimed, []
        found: list[Finding] = []
        for event, death in held:
            seen = self._tell(claimed(event, death, self.services.values(), over=True))
            found += seen.findings if seen is not None else ()
        return found

    def hear_replicas(self) -> None:
        """From now on services whose names say that they are replicas of each other are compared."""
        self.replicas = Replicas(self.services)
        for service in self.services.values():
            self.replicas.join(service)

    def hear(self, name: str, digest: Digest) -> None:
        """What a service said was read elsewhere."""
        service = self._service(name)
        if self.mined.share and not service.mining and digest.sample:
            self.mined.wants(service)
        service.hear(digest)
        if service.mining:
            self.mined.weigh(service)

    def weigh(self, name: str) -> None:
        """See how much is known by now of what this service says: collections close what was heard before them."""
        service = self.services.get(name)
        if service is not None and service.mining:
            self.mined.weigh(service)

    def _burst(self, burst: Burst) -> Iterator[Seen]:
        """Many collections of one process, at once where nothing hinders."""
        if self.window is not None:
            for sighting in burst.sightings():
                seen = self.observe(sighting)
                if seen is not None:
                    yield seen
            return
        self.runtime_lines += len(burst)
        if self.only is None or burst.service == self.only:
            yield from self._service(burst.service).burst(burst)

    def wanted(self, event: Sighting | Passage) -> bool:
        """It belongs to the service that was asked for, where one was."""
        return self.only is None or event.service == self.only

    def all(self, events: Iterable[Found]) -> Iterator[Seen]:
        """What comes of many events; of the collections in a burst only those that something is to be said of."""
        for event in events:
            if isinstance(event, Burst):
                yield from self._burst(event)
                continue
            seen = self.observe(event)
            if seen is not None:
                yield seen

    def conclude(self) -> list[Finding]:
        """The input has ended: leaks that the verdicts see and no alarm has told."""
        found = self._claim_the_rest()
        return found + [finding for service in self.services.values() for finding in service.conclude()]

    def conclusions(self) -> Iterator[list[Finding]]:
        """The same for one service after the other, those first that look most like a leak."""
        yield self._claim_the_rest()
        for service in sorted(self.services.values(), key=lambda each: -each.belief):
            yield service.conclude()

    def retire(self, names: Iterable[str]) -> list[Finding]:
        """Nothing will be heard of these services any more: what is left to be told of them. They are forgotten."""
        found: list[Finding] = []
        for name in names:
            service = self.services.get(name)
            if service is not None:
                found += service.end()
                if self.replicas is not None:
                    self.replicas.retire(name)
                self.let_go(name)
                self.retired += 1
        return found

    def advance(self, now_s: float, behind: Container[str] = ()) -> list[Finding]:
        """Time has passed without input; to be called several times a second. `now_s` is Unix time.

        Of many services only some have their turn each time. For those that are read `behind` their time, what stands
        in the log and is not read yet says how time passes.
        """
        listened_s = self._listen(now_s)
        found: list[Finding] = []
        if self.tells_silence:
            for service in self._heard.values():
                found += service.heard(listened_s, now_s)
        self._heard.clear()
        if not self._turns:
            self._turns = list(self.services)
        turns, self._turns = self._turns[:SERVICES_A_TURN], self._turns[SERVICES_A_TURN:]
        keeper = self.keeper
        for name in turns:
            each = self.services.get(name)
            if each is None or name in behind:
                continue
            if keeper is not None:
                keeper.pass_time(each)
            signals = each.advance(now_s)
            if self.tells_silence:
                signals += each.falls_silent(listened_s, now_s, self.excused)
            if signals and keeper is not None:
                keeper.touch(each)
            found += signals
        return found

    def _listen(self, now_s: float) -> float:
        """Seconds in which somebody listened: a clock that steps, or a process that was stopped, adds little."""
        if self._now_s is not None:
            self._listened_s += min(max(0.0, now_s - self._now_s), LONGEST_STEP_S)
        self._now_s = now_s
        return self._listened_s

    def wake(self, name: str) -> Service:
        """The service of this name: as it is, as it was kept, or a new one."""
        service = self.services.get(name)
        if service is None:
            if len(self.services) >= self.most_services:
                self._close(next(iter(self.services)))
            known = self.keeper.recall(name) if self.keeper is not None else None
            service = self.services[name] = known or Service(
                name, judging=self.judging, plan=self.plan, trace_points=self.trace_points
            )
            service.limit(self.limit_of(name))
            self._share_budget(service)
            self.mined.go_on(service)
            if self.replicas is not None:
                self.replicas.join(service)
        elif len(self.services) > self.most_services // 2:
            self.services.move_to_end(name)
        return service

    def adopt(self, service: Service) -> None:
        """A service that was kept elsewhere goes on here."""
        self.services[service.name] = service
        service.limit(self.limit_of(service.name))
        self._share_budget(service)
        self.mined.go_on(service)
        if self.replicas is not None:
            self.replicas.join(service)

    def limit_of(self, name: str) -> float | None:
        """The memory limit of a service, in MiB, as far as it is known."""
        return self.limits(name) if self.limits is not None else self.limit_mib

    def limit(self, limit_mib: float | None, limits: Callable[[str], float | None] | None) -> None:
        """From now on services have these limits, also those that were heard of before."""
        self.limit_mib, self.limits = limit_mib, limits
        for service in self.services.values():
            service.limit(self.limit_of(service.name))

    def let_go(self, name: str) -> None:
        """A service goes on elsewhere."""
        service = self.services.pop(name, None)
        self._heard.pop(name, None)
        if service is not None:
            self.mined.let_go(service)
            if self.replicas is not None:
                self.replicas.leave(name)

    def shed(self) -> str | None:
        """Let go of what is least useful, to need less memory; says of what, None where nothing is left to let go of.

        First the text that is searched for suspects, of three in four services, those that grow least, then of all;
        after that a quarter of the services, those that look least like a leak. They come back when they are heard.
        """
        calm = self.mined.shed()
        if calm:
            return f"the lines of {calm} services are no longer searched for suspects"
        count = len(self.services) // 4
        if not count:
            return None
        for name, _ in sorted(self.services.items(), key=lambda item: item[1].belief)[:count]:
            self._close(name)
        self.most_services = max(1, len(self.services))
        return f"{count} services that look well are forgotten until they are heard again"

    def _close(self, name: str) -> None:
        """A service has to make room; who keeps services for longer gets it."""
        service = self.services[name]
        self.let_go(name)
        self.closed += 1
        if self.keeper is not None:
            self.keeper.release(service)

    def _service(self, name: str) -> Service:
        """The service of something that was read."""
        service = self._heard[name] = self.wake(name)
        if self.keeper is not None:
            self.keeper.touch(service)
        return service

    def watch_for(self, plan: Plan | None) -> None:
        """From now on watch for other rules; those that were there before go on, as after a restart."""
        self.plan = plan
        for service in self.services.values():
            service.watch_for(plan)

    def _share_budget(self, newest: Service) -> None:
        """False alarms that somebody bears over all services are shared out evenly, anew when those have doubled."""
        if self.budget_per_day is None:
            return
        count = len(self.services)
        share = self.budget_per_day / (1 << (count - 1).bit_length())
        for service in self.services.values() if count & (count - 1) == 0 or count == 1 else (newest,):
            service.bear(share)

    def _inside(self, event: Sighting, window: Window) -> bool:
        """Between since and until. The times come from a second book-keeping that sees the whole log."""
        if len(self._clocks) > MOST_SERVICES:
            self._clocks.clear()
        clock = self._clocks.setdefault(event.service, Service(event.service, judging=False))
        time_s = clock.observe(event).time_s
        self.untimed += time_s is None
        return time_s is not None and window.holds(time_s)
