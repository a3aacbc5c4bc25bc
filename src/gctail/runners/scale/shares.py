"""One partition of services: an engine whose services come from the store and go back to it.

It knows only the services of its partition, whatever process it runs in, so what it finds does not depend on how many
processes there are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol
from zlib import compress, decompress

from msgspec.structs import replace
from quixstreams.state import State

from gctail.claims import claimant
from gctail.engine import Engine
from gctail.kafka.lag import is_live
from gctail.records import Death, Finding, Sighting
from gctail.runners.scale.packets import Clock, Last, Message, Packet, Rumour, encoded, plain
from gctail.runners.scale.stores import store_key
from gctail.service import VERSION, Seen, Service

ROSTER, CLOCKS, MINED, SERVICE = "roster", "clocks", "mined", "service"


class Onlooker(Protocol):
    """Who sees all that is judged, beside the sinks."""

    def saw(self, seen: Seen) -> None:
        """What came of one record."""

    def found(self, findings: Sequence[Finding]) -> None:
        """What no record has brought, but time or the end."""

    def turn(self, engines: Sequence[Engine]) -> None:
        """Several times a second, with the engines of the partitions that are here."""


class Nobody:
    """Nobody looks on."""

    def saw(self, seen: Seen) -> None:
        """Not."""

    def found(self, findings: Sequence[Finding]) -> None:
        """Not."""

    def turn(self, engines: Sequence[Engine]) -> None:
        """Not."""


NOBODY = Nobody()


class Share:
    """The services of one partition. It is the keeper of its engine."""

    def __init__(
        self,
        engine: Engine,
        state: Callable[[], State[str, Any]],
        say: Callable[[str], None],
        onlooker: Onlooker = NOBODY,
    ) -> None:
        self.engine = engine
        engine.keeper = self
        self._state, self._say, self._onlooker = state, say, onlooker
        self._roster: dict[str, None] = dict.fromkeys(state().get(ROSTER, []))
        self._clocks: dict[str, float] = state().get(CLOCKS, {})
        self._now_s = 0.0
        self._changed: dict[str, None] = {}
        self._gone: dict[str, None] = {}
        self._untouchable: set[str] = set()  # services whose state a newer program wrote: it is left alone
        self._new_roster = self._new_clocks = self._awake = False
        self.ended: dict[str, str] = {}  # partitions of the input that are read to their end, and who said so
        self.over = False  # all partitions of the input are read to their end, and what came of it is judged
        self._mined: list[str] = state().get(MINED, [])
        for name in self._mined:  # who else is searched for suspects depends on all of them
            engine.wake(name)

    def take(self, message: Message) -> list[Finding]:
        """The next message, and what follows from it."""
        if isinstance(message, Packet):
            return self._packet(message)
        if isinstance(message, Rumour):
            return self._rumour(message)
        found = self._last(message) if isinstance(message, Last) else self._clock(message)
        self._onlooker.found(found)
        return found

    def _packet(self, packet: Packet) -> list[Finding]:
        if self.over:  # somebody reads on, to a later end
            self.over = False
            self.ended.clear()
        found: list[Finding] = []
        for part in packet.parts:
            if part.digest is not None:
                self.engine.hear(packet.service, part.digest)
            for seen in self.engine.all(part.sightings):
                self._onlooker.saw(seen)
                found += seen.findings
        self.engine.weigh(packet.service)  # as whoever takes the partition over at this place will find it
        return found

    def _rumour(self, rumour: Rumour) -> list[Finding]:
        sighting = rumour.sighting
        name = sighting.service if rumour.home else None
        if isinstance(sighting.record, Death):
            name = claimant(sighting.service, sighting.record, [*self._roster]) or name
        return [] if name is None else self._died(name, sighting)

    def _died(self, name: str, sighting: Sighting) -> list[Finding]:
        service = self.engine.wake(name)
        self.touch(service)
        seen = service.observe(replace(sighting, service=name))
        self._onlooker.saw(seen)
        return [*seen.findings]

    def _clock(self, clock: Clock) -> list[Finding]:
        """It is as late as the input partition says that is read least far."""
        self._clocks[clock.place] = max(clock.time_s, self._clocks.get(clock.place, 0.0))
        self._new_clocks = True
        if len(self._clocks) < clock.of or min(self._clocks.values()) <= self._now_s:
            return []
        self._now_s = min(self._clocks.values())
        self._wake()
        found: list[Finding] = []
        for service in list(self.engine.services.values()):
            last_s = service.current.last_time_s if service.current is not None else None
            if is_live(last_s, self._now_s) and (findings := service.advance(self._now_s)):
                self.touch(service)
                found += findings
        return found

    def _last(self, last: Last) -> list[Finding]:
        """When all of the input is read, what no alarm has told is told. It is said again and again: this is enough."""
        self.ended[last.place] = last.by
        if self.over or len(self.ended) < last.of:
            return []
        self.over = True
        self._wake()
        for service in self.engine.services.values():
            self.touch(service)
        return self.engine.conclude()

    def _wake(self) -> None:
        """All services that were ever heard of here are needed."""
        if not self._awake:
            self._awake = True
            for name in [*self._roster]:
                self.engine.wake(name)

    def save(self, state: State[str, Any]) -> bool:
        """Lay down what has changed."""
        self._note_mined(state)
        changed = bool(self._changed or self._gone or self._new_clocks)
        for name in self._gone:
            state.delete(store_key(SERVICE, name))
        for name in self._changed:
            if name in self._untouchable:
                continue
            state.set_bytes(store_key(SERVICE, name), compress(encoded(self.engine.services[name].state()), 1))
        if self._new_roster:
            state.set(ROSTER, [*self._roster])
        if self._new_clocks:
            state.set(CLOCKS, self._clocks)
        self._changed.clear()
        self._gone.clear()
        self._new_roster = self._new_clocks = False
        return changed

    def _note_mined(self, state: State[str, Any]) -> None:
        """Who is searched for suspects; who is no more has to be laid down without what was known of its text."""
        mined = [service.name for service in self.engine.mined]
        if mined == self._mined:
            return
        services = self.engine.services
        self._changed.update(dict.fromkeys(name for name in self._mined if name not in mined and name in services))
        self._mined = mined
        state.set(MINED, mined)

    # -- the engine's keeper

    def recall(self, name: str) -> Service | None:
        """The service as it was laid down."""
        kept = self._state().get_bytes(store_key(SERVICE, name)) if name in self._roster else None
        if kept is None:
            return None
        try:
            told = plain(decompress(kept))
            if told["version"] > VERSION:
                self._say(f"a newer gctail has kept the state of {name}: it is left alone, and models begin anew here")
                self._untouchable.add(name)
                return None
            return Service.restore(told, self.engine.plan)
        except (ValueError, KeyError, TypeError) as error:
            self._say(f"the state of {name} cannot be used ({error}): it begins anew")
            return None

    def touch(self, service: Service) -> None:
        """Lay it down at the next checkpoint."""
        self._changed[service.name] = None
        self._gone.pop(service.name, None)
        if service.name not in self._roster:
            self._roster[service.name] = None
            self._new_roster = True

    def pass_time(self, service: Service) -> None:
        """Nothing that time would not bring again."""

    def release(self, service: Service) -> None:
        """More services than there is room for: the one that was silent longest is closed."""
        self._changed.pop(service.name, None)
        if service.name in self._untouchable:
            return
        self._gone[service.name] = None
        self._roster.pop(service.name, None)
        self._new_roster = True
