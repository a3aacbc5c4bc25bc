"""Checkpoints: services and positions that belong together, written while reading goes on.

A checkpoint is a picture of one moment. It is taken at once and written little by little: a service that is still to be
written and is about to change is written first. A position is only kept where nothing is open in its input (a torn
line, a report); an input in which something is open keeps its last checkpoint, and so do all services it speaks of, and
all inputs that speak of those. So what is read again after a crash is exactly what the services have not seen.

What was put is committed only after every sink has said that all it took is safe.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from typing import Any, Protocol

from gctail.engine import Engine
from gctail.rules import Plan
from gctail.runners.outputs import MOST_TOLD, Outputs, Told
from gctail.service import Service
from gctail.store import NotSaved, Store
from gctail.store.journal import ENDING, Journal
from gctail.traces import Trace

INTERVAL_S = 1.0
"""How often a checkpoint is taken, at most."""
LEISURE = 20
"""A checkpoint is followed by this many times as much time without one as it took of the processor."""
LONGEST_S = 10.0
"""But never by more: after a kill, what came since the last one is read again."""
SLICE_S, IDLE_SLICE_S = 0.004, 0.02
"""How long reading stands still for writing at a time: between two pieces of input, and where there is none."""
LAST_S = 0.6
"""How long the last checkpoint may take; without it the next start reads on from the one before."""
CLOSING_S = 0.2
"""How long the sinks are waited for at the end."""
TOLD = "told"
"""Where an older gctail kept the ids of what was told; they stand in a journal now, whose owner is this fact:"""
OWNER = "journal"


class Inputs(Protocol):
    """What is read: asked for a position, to be given back when reading goes on there."""

    def moved(self) -> list[str]:
        """The origins of which something was read since this was last asked."""

    def position(self, origin: str) -> Any:  # noqa: ANN401 - plain data
        """Where reading would go on, as plain data; None while something is open there."""


class Checkpoints:
    """Keeps the services of an engine in a store, together with the positions up to which they have read.

    `origin` is the one whose lines the engine is given at present. `say` is told in sentences what cannot be saved.
    """

    def __init__(
        self, store: Store, engine: Engine, outputs: Outputs, inputs: Inputs, say: Callable[[str], None]
    ) -> None:
        self.store, self.engine, self.outputs, self.inputs, self.say = store, engine, outputs, inputs, say
        self.origin = ""
        self.saved = self.failed = 0
        self._moved: dict[str, None] = {}
        self._touched: dict[str, dict[str, None]] = {}  # services that changed, and the origins that changed them
        self._let_go: dict[str, dict[str, Any]] = {}
        self._pending: dict[str, None] = {}  # services of the checkpoint in hand that are still to be put
        self._in_hand: dict[str, dict[str, None]] | None = None
        self._positions: dict[str, Any] = {}
        self._forgotten: dict[str, None] = {}  # services, and
        self._over: dict[str, None] = {}  # origins, that are to be dropped with the next checkpoint
        self._due_s = 0.0
        self._cost_s = 0.0
        self._complaint = ""
        self._note_again_s = 0.0
        self.journal = Journal(store.path + ENDING, self._owner(), MOST_TOLD)
        outputs.told = self.told = Told([*(store.fact(TOLD) or ()), *self.journal.ids])
        engine.keeper = self

    def _owner(self) -> str:
        """What the journal and the state know each other by."""
        owner = self.store.fact(OWNER)
        if not isinstance(owner, str):
            owner = os.urandom(8).hex()
            try:
                self.store.put_fact(OWNER, owner)
                self.store.commit()
            except NotSaved as error:
                self.say(str(error))
        return owner

    # -- the engine's keeper

    def recall(self, name: str) -> Service | None:
        """The service as it was, with the limit and the rules of now."""
        self._forgotten.pop(name, None)
        state = self._let_go.pop(name, None) or self.store.get(name)
        if state is None:
            return None
        engine = self.engine
        limit_mib = engine.limits(name) if engine.limits is not None else engine.limit_mib
        try:
            return restored(state, limit_mib, engine.plan, engine.trace_points)
        except (ValueError, KeyError, TypeError) as error:
            self.say(f"{self.store.path}: the state of {name} is not understood and begins anew ({error})")
            return None

    def touch(self, service: Service) -> None:
        """Note that it changes, and write it first where it belongs to the checkpoint in hand."""
        name = service.name
        if name in self._pending:
            self._put(service)
        origins = self._touched.get(name)
        if origins is None:
            self._touched[name] = {self.origin: None}
        elif self.origin not in origins:
            origins[self.origin] = None

    def pass_time(self, service: Service) -> None:
        """Write it first where it belongs to the checkpoint in hand."""
        if service.name in self._pending:
            self._put(service)

    def release(self, service: Service) -> None:
        """Keep it until it is written, or asked for."""
        self.pass_time(service)
        if service.name in self._touched:
            self._let_go[service.name] = service.state()

    def forget(self, origins: Iterable[str], services: Iterable[str]) -> None:
        """These will not be heard of any more: the next checkpoint is without them."""
        for name in services:
            for kept in (self._touched, self._let_go, self._pending, self._in_hand or {}):
                kept.pop(name, None)
            self._forgotten[name] = None
        for origin in origins:
            for kept in (self._moved, self._positions):
                kept.pop(origin, None)
            self._over[origin] = None

    # -- checkpoints

    def tend(self, now_s: float, *, idle: bool = False) -> None:
        """A little work on a checkpoint, if one is due; `now_s` is on a clock that never steps."""
        if self.told.news:
            self._note_told(0.0)
        if self._in_hand is None and now_s >= self._due_s:
            self._begin()
        if self._in_hand is not None:
            self._go_on(IDLE_SLICE_S if idle else SLICE_S)
            if self._in_hand is None:
                self._due_s = time.monotonic() + min(max(INTERVAL_S, LEISURE * self._cost_s), LONGEST_S)

    def take_last(self) -> None:
        """One last checkpoint, before what is open is closed for the report."""
        until_s = time.monotonic() + LAST_S
        if self._settle(until_s):
            self._begin()
            self._settle(until_s)

    def close(self) -> None:
        """Give the store back. What was told since the last checkpoint is not told again when it is read again."""
        self._note_told(CLOSING_S)
        self.journal.close()
        self.store.close()

    def _note_told(self, within_s: float) -> None:
        """What every sink has need not be told again, whatever happens before the next checkpoint."""
        now_s = time.monotonic()
        if now_s < self._note_again_s or not self.outputs.settled(within_s):
            return
        try:
            self.journal.add(self.told.news)
        except OSError as error:
            if not self._note_again_s:
                self.say(f"{self.journal.path}: cannot be written: {error.strerror or error}. It is tried again")
            self._note_again_s = now_s + INTERVAL_S
        else:
            self._note_again_s = 0.0
            self.told.news.clear()

    def _settle(self, until_s: float) -> bool:
        """Finish the checkpoint in hand; whether there is none any more."""
        if self._in_hand is not None:
            self._go_on(until_s - time.monotonic())
        if self._in_hand is not None and not self._pending:
            self.outputs.settled(CLOSING_S)
            self._go_on(0.0)
        return self._in_hand is None

    def _begin(self) -> None:
        """Take the picture: which positions, which services."""
        began_s = time.thread_time()  # on a machine with too much to do, the wall's clock would tell of others
        for origin in self.inputs.moved():
            self._moved[origin] = None
        positions = {origin: self.inputs.position(origin) for origin in self._moved}
        busy = [origin for origin, position in positions.items() if position is None]
        held_origins, held_services = self._held_back(busy)
        self._positions = {origin: position for origin, position in positions.items() if origin not in held_origins}
        taken = {name: origins for name, origins in self._touched.items() if name not in held_services}
        if not (taken or self._positions or self._forgotten or self._over):
            return
        self._moved = {origin: None for origin in self._moved if origin in held_origins}
        self._touched = {name: origins for name, origins in self._touched.items() if name in held_services}
        self._in_hand, self._pending = taken, dict.fromkeys(taken)
        self._cost_s = time.thread_time() - began_s

    def _held_back(self, busy: list[str]) -> tuple[dict[str, None], dict[str, None]]:
        """The origins in which something is open, the services they have changed, the origins of those, and so on."""
        origins, services = dict.fromkeys(busy), dict[str, None]()
        found = bool(busy)
        while found:
            found = False
            for name, changed_by in self._touched.items():
                if name not in services and not origins.keys().isdisjoint(changed_by):
                    services[name] = None
                    origins |= changed_by
                    found = True
        return origins, services

    def _go_on(self, budget_s: float) -> None:
        """Put some services; when all are there and the sinks have what came before, commit."""
        began_s, cost_s = time.monotonic(), time.thread_time()
        try:
            while self._pending and time.monotonic() - began_s < budget_s:
                name = next(iter(self._pending))
                service = self.engine.services.get(name)
                if service is not None:
                    self._write(name, service.state())
                elif name in self._let_go:
                    self._write(name, self._let_go[name])
                else:
                    del self._pending[name]
            if not self._pending and self.outputs.settled(0.0):
                self._commit()
        except NotSaved as error:
            self._failed(error)
        self._cost_s += time.thread_time() - cost_s

    def _put(self, service: Service) -> None:
        try:
            self._write(service.name, service.state())
        except NotSaved as error:
            self._failed(error)

    def _write(self, name: str, state: dict[str, Any]) -> None:
        self.store.put(name, state)
        del self._pending[name]

    def _commit(self) -> None:
        for name in self._forgotten:
            self.store.drop(name)
        for origin in self._over:
            self.store.drop_position(origin)
        for origin, position in self._positions.items():
            self.store.put_position(origin, position)
        self.store.commit()
        for name in self._in_hand or ():
            if name not in self._touched:
                self._let_go.pop(name, None)
        self._in_hand, self._forgotten, self._over = None, {}, {}
        self.saved += 1
        if self._complaint:
            self._complaint = ""
            self.say(f"{self.store.path}: the state is saved again")

    def _failed(self, error: NotSaved) -> None:
        """Nothing of the checkpoint in hand lasts: all of it is still to be saved."""
        self.failed += 1
        for name, origins in (self._in_hand or {}).items():
            self._touched[name] = {**origins, **self._touched.get(name, {})}
        self._moved = {**dict.fromkeys(self._positions), **self._moved}
        self._in_hand, self._pending, self._positions = None, {}, {}
        if not self._complaint:
            self.say(str(error))
        self._complaint = str(error)


def restored(state: dict[str, Any], limit_mib: float | None, plan: Plan | None, trace_points: int = 0) -> Service:
    """A service from its state, with what is asked for now: a limit that was told since is the one that counts.

    Raises ValueError, KeyError or TypeError where the state is not understood.
    """
    if limit_mib is not None and state["limit_mib"] != limit_mib:
        judges = [epoch["judge"] for epoch in state["epochs"] if epoch["judge"] is not None]
        for judge in judges:
            judge["limit_mib"] = limit_mib
        state = {**state, "limit_mib": limit_mib}
    service = Service.restore({**state, "trace_points": trace_points}, plan)
    for epoch in service.processes.open:
        if trace_points and epoch.trace is None:
            epoch.trace = Trace(trace_points)
    return service
