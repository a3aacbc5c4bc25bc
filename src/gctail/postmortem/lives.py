"""The processes of a log as lives: when each began and ended, who it was, and which reports of a death are about it."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from gctail.engine import Engine
from gctail.epochs import Epoch
from gctail.parsing.messages import read_message, time_of
from gctail.postmortem.witness import Stream, Witness
from gctail.records import Death, Sighting, Verdict
from gctail.service import Service, outside_heap
from gctail.whose.identity import Identity, identity
from gctail.whose.matching import CERTAIN, WEAK, Life, Match, match, pace_of, settled

LAST_LINES = 40
MOST_VICTIMS = 16


class Person(Struct):
    """One process of one service, with all that is known of it and was told of it."""

    service: Service
    stream: Stream
    epoch: Epoch | None
    life: Life
    lines: list[tuple[str, str, int | None]]
    """Its last lines: text, origin, place."""
    own: tuple[Sighting, ...] = ()
    told: tuple[tuple[Sighting, Match], ...] = ()
    strangers: tuple[Sighting, ...] = ()
    restarted: bool = False

    def verdict(self) -> Verdict | None:
        """What is made of its memory, in the light of how it died."""
        found = self.epoch.verdict() if self.epoch is not None else None
        return outside_heap(self.epoch, found) if found is not None and self.epoch is not None else None


def persons(engine: Engine, witness: Witness) -> list[Person]:
    """Every process of every service, in the order of the log, with the reports that are about it."""
    services = [each for each in engine.services.values() if each.collections or _own(each)]
    if not services:
        services = [each for each in engine.services.values() if _speaks(each, witness) or set(each.kinds) - {"death"}]
    if not services:
        victims = _victims(list(witness.reports))
        unnamed = [each for each in engine.services.values() if each.deaths]
        if victims or not unnamed:
            return victims
        services = unnamed
    everybody: list[Person] = []
    for service in services:
        stream = witness.streams.get(service.name) or Stream()
        epochs: list[Epoch | None] = [epoch for epoch in service.epochs if epoch.ledger.seen]
        for epoch in epochs or [None]:
            last = epoch is None or epoch is epochs[-1]
            everybody.append(_person(service, stream, epoch, last=last, alone=len(services) == 1))
    _share(everybody, list(witness.reports))
    return everybody


def _own(service: Service) -> list[Sighting]:
    return [each for each in service.deaths if isinstance(each.record, Death) and each.record.source == "go"]


def _speaks(service: Service, witness: Witness) -> bool:
    stream = witness.streams.get(service.name)
    if stream is None or not stream.head.strip():
        return False
    reported = {report.origin for report in witness.reports if isinstance(report.record, Death)}
    if reported.isdisjoint(stream.origins):
        return True
    messages = [read_message(line[:4096]) for line in stream.head.split(b"\n")[:40]]
    return any(each.level is not None or (each.time_s is not None and "[" not in each.message) for each in messages)


def _victims(reports: list[Sighting]) -> list[Person]:
    """Where nobody but a kernel or an orchestrator speaks: everybody who they say died."""
    found: dict[str, Person] = {}
    for report in reports[:MOST_VICTIMS]:
        death = report.record
        if not isinstance(death, Death):
            continue
        details = death.details
        name = next((str(details[key]) for key in ("container", "process", "unit", "pod") if details.get(key)), None)
        if name is None or death.cause == "terminated":
            continue
        service = Service(name, judging=False)
        who = Identity((name,), (name,), (), (), (), ())
        place = (report.origin, report.offset, report.offset)
        life = Life(name, 0, who, None, report.time_s, None, None, is_last=True, place=place, alone=False)
        told = ((report, Match(CERTAIN, ())),)
        found.setdefault(_victim(report), Person(service, Stream(), None, life, [], told=told))
    return list(found.values())


def _person(service: Service, stream: Stream, epoch: Epoch | None, *, last: bool, alone: bool) -> Person:
    lines = _last_lines(stream, epoch)
    near_s = epoch.last_time_s if epoch is not None and epoch.last_time_s is not None else stream.last_time_s
    said_s = max((when for line, _, _ in lines[-4:] if (when := time_of(line, near_s)) is not None), default=None)
    ends = [each for each in (epoch.last_time_s if epoch else None, said_s) if each is not None]
    if last and stream.last_time_s is not None:
        ends.append(stream.last_time_s)
    deaths = epoch.deaths if epoch is not None else list(service.deaths)
    own = tuple(each for each in deaths if isinstance(each.record, Death) and each.record.source == "go")
    cycle = epoch.last if epoch is not None else None
    derived = epoch.last_derived if epoch is not None else None
    life = Life(
        service=service.name,
        epoch=epoch.index if epoch is not None else 0,
        who=identity(service.name, stream.head, stream.origins, "\n".join(line for line, _, _ in lines)),
        start_s=epoch.start_s if epoch is not None else None,
        end_s=max(ends, default=None),
        live_mib=float(cycle.heap_live_mib) if cycle is not None else None,
        most_mib=_most(cycle, derived),
        is_last=last,
        place=_place(stream, epoch, lines, last=last),
        alone=alone,
        pace_s=_pace([line for line, _, _ in lines], near_s),
    )
    return Person(service, stream, epoch, life, lines, own, restarted=not last)


def _pace(lines: list[str], near_s: float | None) -> float | None:
    return pace_of([when for line in lines if (when := time_of(line, near_s)) is not None])


def _most(cycle: Any, derived: Any) -> float | None:  # noqa: ANN401  (a GcCycle and what derives from it, or None)
    if cycle is None:
        return None
    goal = derived.due_mib if derived is not None and derived.due_mib else cycle.goal_mib
    return float(max(goal or 0, cycle.heap_end_mib))


def _last_lines(stream: Stream, epoch: Epoch | None) -> list[tuple[str, str, int | None]]:
    """The last lines that this process wrote. Lines that a later one wrote before its first collection are left out."""
    words = stream.words_of(epoch.index) if epoch is not None else tuple(stream.tail.parts)
    lines = [(text, part.origin, at) for part in words for text, at in part.lines()]
    if epoch is None or epoch.index == stream.run.epoch or epoch.index not in stream.runs:
        return lines[-LAST_LINES:]
    after = [run for index, run in stream.runs.items() if index > epoch.index]
    origin = stream.runs[epoch.index].origin
    next_run = after[0] if after else None
    if next_run is not None and next_run.origin != origin:  # the next process has a file of its own
        lines = [each for each in lines if each[1] == origin]
    return lines[-LAST_LINES:]


def _place(
    stream: Stream, epoch: Epoch | None, lines: list[tuple[str, str, int | None]], *, last: bool
) -> tuple[str, int, int]:
    origins = list(stream.origins)
    if epoch is None or epoch.index not in stream.runs:
        return (origins[-1] if origins else "", 0, 1 << 62)
    run = stream.runs[epoch.index]
    end = 1 << 62
    if not last:
        later = [each.first_offset for index, each in stream.runs.items() if index > epoch.index]
        end = later[0] if later and later[0] > run.last_offset else end
    places = [at for _, origin, at in lines if at is not None and origin == run.origin]
    return run.origin, min([run.last_offset, *places[-1:]]), end


def _share(everybody: list[Person], reports: list[Sighting]) -> None:
    """Give every report to the process that it fits best; what fits none is a stranger's, and everybody is told so."""
    strangers: list[Sighting] = []
    weak: list[tuple[Sighting, Person, Match]] = []
    for report in reports:
        matches = []
        for person in everybody:
            ours = settled(report, person.life)
            matches.append((ours, person, match(ours, person.life)))
        best = max(matches, key=lambda each: (each[2].confidence, each[1].life.epoch), default=None)
        if best is None or best[2].confidence <= 0:
            strangers.append(report)
        elif best[2].confidence <= WEAK:
            weak.append(best)
        else:
            best[1].told += ((best[0], best[2]),)
    for person in everybody:
        strangers += _others_kills(person)
    victims = {_victim(report) for report, _, _ in weak}
    for report, person, found in weak:  # a kill that nothing ties to us counts only where it is the only one
        if len(victims) == 1 and not person.told and not strangers:
            person.told += ((report, found),)
        else:
            strangers.append(report)
    for person in everybody:
        person.strangers = tuple(strangers[-8:])
        if person.epoch is not None:
            others = [each for each in person.epoch.deaths if each in person.own]
            person.epoch.deaths = [*others, *(report for report, _ in person.told)]


def _others_kills(person: Person) -> list[Sighting]:
    """A process is killed once: of the kills of several pids the best is its own, the others are not."""
    kills: dict[str, list[tuple[float, float]]] = {}
    end_s = person.life.end_s
    for report, found in person.told:
        if isinstance(report.record, Death) and report.record.details.get("pid"):
            away_s = abs(report.time_s - end_s) if report.time_s is not None and end_s is not None else 0.0
            kills.setdefault(_victim(report), []).append((found.confidence, -away_s))
    if len(kills) < 2:
        return []
    ours = max(kills, key=lambda victim: max(kills[victim]))
    others = [report for report, _ in person.told if _victim(report) in kills and _victim(report) != ours]
    person.told = tuple(each for each in person.told if each[0] not in others)
    return others


def _victim(report: Sighting) -> str:
    death = report.record
    details = death.details if isinstance(death, Death) else {}
    return str(details.get("pid") or details.get("process") or details.get("container") or report.origin)
