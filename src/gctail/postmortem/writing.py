"""Puts certificates together, one per service, worst first: the work of everything else in this room."""

from __future__ import annotations

from typing import Any

import msgspec

from gctail.advice.book import advise
from gctail.attribution.usual import Usual, says
from gctail.attribution.wording import proven
from gctail.engine import Engine
from gctail.parsing.farewells import Farewell, farewell
from gctail.postmortem.causes import Ending, decide
from gctail.postmortem.certificate import Case, Cause, Certificate, LastLine, Quote
from gctail.postmortem.charts import band, limits, series
from gctail.postmortem.comparison import compared
from gctail.postmortem.facts_of import facts_of
from gctail.postmortem.headline import headline
from gctail.postmortem.lives import Person, persons
from gctail.postmortem.memory import memory
from gctail.postmortem.mined import accusation_of, rates_of
from gctail.postmortem.quoting import Finder
from gctail.postmortem.silence import ends_with_an_error, latest_of, silence
from gctail.postmortem.spikes import spikes
from gctail.postmortem.stacks import grouped
from gctail.postmortem.story import Clock, first_warning, foretold, moments
from gctail.postmortem.witness import Witness, Words
from gctail.records import Death, Dump

SHOWN_LINES, FIRST_LINES = 20, 4
HARMLESS = frozenset({"alive", "healthy-end", "log-cut-off", "unknown", "terminated"})
"""Causes that do not make a process the one to write about where another one died."""


def write(engine: Engine, witness: Witness, find: Finder, facts: dict[str, Any]) -> Case:
    """The case: a certificate per service. `facts` are those of the reading: what it counted, and who made this."""
    torn: dict[str, str] = facts.pop("torn", {})
    made_by, given = str(facts.pop("made_by", "gctail")), bool(facts.pop("limit_is_given", True))
    by_service: dict[str, list[tuple[Person, Cause]]] = {}
    everybody = persons(engine, witness)
    latest = latest_of(everybody)
    for person in everybody:
        by_service.setdefault(person.service.name, []).append((person, _cause(person, find, torn, latest)))
    written = [_certificate(told, limit_is_given=given) for told in by_service.values()]
    written.sort(key=_badness)
    return Case(tuple(written), facts, made_by)


def _badness(certificate: Certificate) -> tuple[int, float, int]:
    name = certificate.cause.name
    dead = 0 if name not in HARMLESS else 1 if name == "unknown" else 2
    probability = (certificate.verdict or {}).get("probability", 0.0)
    return dead, -probability, -certificate.collections


def _cause(person: Person, find: Finder, torn: dict[str, str], latest: list[Person]) -> Cause:
    epoch = person.epoch
    verdict = person.verdict()
    origin = person.life.place[0]
    derived = epoch.last_derived if epoch is not None else None
    ending = Ending(
        service=person.life.service,
        own=person.own,
        told=person.told,
        strangers=person.strangers,
        farewell=_farewell(person),
        last_lines=tuple(Quote(text[:600], source, at or 0) for text, source, at in person.lines),
        verdict=verdict,
        spiral=_spirals(person),
        restarted=person.restarted,
        torn=torn.get(origin) if person.life.is_last else None,
        missing=epoch.ledger.missing if epoch is not None else 0,
        limit_mib=person.service.limit_mib,
        next_goal_mib=derived.due_mib if derived is not None else None,
        live_mib=person.life.live_mib,
        silent_s=silence(person, latest),
        last_error=ends_with_an_error(person),
    )
    return decide(ending, find)


def _farewell(person: Person) -> Farewell | None:
    return farewell([text for text, _, _ in person.lines])


def _spirals(person: Person) -> bool:
    """A death spiral was found, and has not been resolved."""
    phases = [
        finding.evidence.get("phase")
        for finding in person.service.findings
        if finding.epoch == person.life.epoch and finding.kind == "death-spiral"
    ]
    return bool(phases) and phases[-1] != "resolved"


def _certificate(told: list[tuple[Person, Cause]], *, limit_is_given: bool) -> Certificate:
    """Of the last process that died of something; where none did, of the last one."""
    died = [each for each in told if each[1].name not in HARMLESS]
    person, cause = died[-1] if died else told[-1]
    service, epoch = person.service, person.epoch
    bins = epoch.trace.bins() if epoch is not None and epoch.trace is not None else []
    verdict = person.verdict()
    clock = Clock(person, cause)
    held = memory(person, cause, bins, limit_is_given=limit_is_given)
    derived = epoch.last_derived if epoch is not None else None
    foreseen = foretold(person, cause, clock, held.limit_mib)
    warned = first_warning(person)
    dump = _dump(person)
    gogc = derived.gogc_estimate if derived is not None else None
    suspects, indistinct = accusation_of(person)
    usual = _usual(person)
    certificate = Certificate(
        service=service.name,
        epoch=epoch.index if epoch is not None else None,
        epochs=service.processes.seen,
        collections=epoch.ledger.seen if epoch is not None else 0,
        go=epoch.last.go if epoch is not None and epoch.last is not None else None,
        procs=epoch.last.procs if epoch is not None and epoch.last is not None else None,
        gogc_percent=gogc,
        headline=(),
        cause=cause,
        verdict=msgspec.to_builtins(verdict) if verdict is not None else None,
        start_s=clock.start_s,
        end_s=clock.end_s,
        end_uptime_s=clock.end_uptime_s,
        moments=moments(person, cause, clock, bins, usual),
        memory=held,
        foretold=foreseen,
        suspects=suspects,
        indistinct=indistinct,
        mined_lines=epoch.mined_lines if epoch is not None else 0,
        rates=rates_of(person, suspects),
        spikes=spikes(person, usual, bins),
        last_lines=_last_lines(person, usual, suspects),
        first_lines=_first_lines(person),
        goroutines=_goroutines(dump),
        stacks=grouped(dump),
        stacks_truncated=isinstance(dump, Death) and dump.truncated,
        comparison=compared(person),
        series=series(bins),
        limits=limits(held, gogc),
        band=band(
            foreseen,
            warned.evidence.get("heap_live_mib") if warned is not None else None,
            warned.evidence.get("rate_mib_per_s") if warned is not None else None,
            clock.end_uptime_s,
        ),
        ledger=_ledger(person),
        findings=tuple(msgspec.to_builtins(each) for each in list(service.findings)[-64:]),
        unreadable=tuple(service.specimens),
        runs=tuple(_run(each, other) for each, other in told),
    )
    return finished(certificate)


def finished(certificate: Certificate) -> Certificate:
    """With the advice and the headline that follow from all the rest."""
    advised = msgspec.structs.replace(certificate, advice=advise(facts_of(certificate)))
    return msgspec.structs.replace(advised, headline=headline(advised))


def _run(person: Person, cause: Cause) -> dict[str, Any]:
    epoch = person.epoch
    return {
        "epoch": person.life.epoch,
        "cause": cause.name,
        "confidence": cause.confidence,
        "start_s": person.life.start_s,
        "end_s": person.life.end_s,
        "uptime_s": epoch.last_uptime_s if epoch is not None and epoch.last_uptime_s >= 0 else None,
        "collections": epoch.ledger.seen if epoch is not None else 0,
        "live_mib": person.life.live_mib,
    }


def _dump(person: Person) -> Death | Dump | None:
    """The report with stacks: of the death itself, or else the last one that the process printed while alive."""
    for sighting in reversed(person.own):
        if isinstance(sighting.record, Death) and sighting.record.goroutines:
            return sighting.record
    for sighting in reversed(person.stream.dumps):
        if isinstance(sighting.record, Dump) and len(sighting.record.goroutines) > 1:
            return sighting.record
    return None


def _goroutines(dump: Death | Dump | None) -> int | None:
    if dump is None:
        return None
    if isinstance(dump, Death):
        count = dump.details.get("goroutines")
        return count if isinstance(count, int) else len(dump.goroutines)
    return len(dump.goroutines)


def _accused(suspects: tuple[dict[str, Any], ...]) -> frozenset[str]:
    """The templates of the first suspect, and of those that are proven and that this log does not tell from it."""
    told = [
        each
        for at, each in enumerate(suspects)
        if at == 0 or (each.get("group") == suspects[0].get("group") and proven(each.get("p_value")))
    ]
    return frozenset(str(each.get("template")) for each in told)


def _usual(person: Person) -> Usual | None:
    """What the process says usually; None where nobody listened, or the process was closed long ago."""
    epoch = person.epoch
    return Usual(epoch.mine, epoch.begin_s) if epoch is not None and epoch.mine is not None else None


def _last_lines(person: Person, usual: Usual | None, suspects: tuple[dict[str, Any], ...]) -> tuple[LastLine, ...]:
    """The last lines; with how often the like of each comes, and what is to be thought of it, where somebody knows."""
    shown = person.lines[-SHOWN_LINES:]
    texts = [text for text, _, _ in shown]
    accused, named = _accused(suspects), frozenset(str(each.get("template")) for each in suspects)

    def told(at: int, line: LastLine) -> LastLine:
        if usual is None:
            return line
        rate = usual.at(texts, at) if usual.courses.uptime_s else None
        if rate is None:
            return msgspec.structs.replace(line, says=says(None))
        return msgspec.structs.replace(
            line,
            message=rate.message,
            usual_per_min=round(rate.usual_per_min, 3),
            recent_per_min=round(rate.recent_per_min, 3),
            says=says(rate, accused, named),
        )

    return tuple(told(at, LastLine(text[:2000], origin, place)) for at, (text, origin, place) in enumerate(shown))


def _first_lines(person: Person) -> tuple[str, ...]:
    stream = person.stream
    words = Words(stream.head, "", 0, stream.head_wrapper, exact=False)
    return tuple(text[:500] for text, _ in words.lines()[:FIRST_LINES])


def _ledger(person: Person) -> dict[str, Any]:
    epoch = person.epoch
    if epoch is None:
        return {}
    ledger = epoch.ledger
    gaps = [{"first": gap.first, "last": gap.last, "uptime_s": gap.uptime_s} for gap in ledger.gaps[:8]]
    return {
        "seen": ledger.seen, "missing": ledger.missing, "doubled": ledger.doubled, "late": ledger.late,
        "mended": ledger.mended, "gaps": gaps,
    }  # fmt: skip
