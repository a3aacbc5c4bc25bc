"""What the log said differently at each spike and step of the heap, and the lines around its beginning."""

from __future__ import annotations

from bisect import bisect_right

from gctail.attribution.changes import Change, Changes, changes
from gctail.attribution.coincidences import Coincidence, coincidences
from gctail.attribution.usual import Usual, often
from gctail.attribution.wording import surely
from gctail.postmortem.certificate import Said, Spike
from gctail.postmortem.lives import Person
from gctail.records import Finding
from gctail.traces import Bin

MOST_SPIKES = 5
JUST_BEFORE_S = 1e-6
"""What was said between the collection before and the first high one belongs to the spike."""


def spikes(person: Person, usual: Usual | None, bins: list[Bin]) -> tuple[Spike, ...]:
    """The spikes and steps of this process, in order."""
    found = [
        each
        for each in person.service.findings
        if each.epoch == person.life.epoch and each.kind in {"spike", "step"} and "cycle" in each.evidence
    ]
    begins_s = [_begin_s(each, bins) for each in found]
    known = [at for at, begin_s in enumerate(begins_s) if begin_s is not None]
    always = coincidences(usual, [begins_s[at] or 0.0 for at in known]) if usual is not None else ()
    return tuple(
        _spike(each, person, usual, bins, tuple(one for one in always if at in {known[place] for place in one.at}))
        for at, each in enumerate(found[:MOST_SPIKES])
    )


def _begin_s(finding: Finding, bins: list[Bin]) -> float | None:
    """When the first high collection came, in seconds of uptime."""
    first = _bin_of(int(finding.evidence["cycle"]), bins)
    if first is not None:
        return first.uptime_s
    return finding.uptime_s - float(finding.evidence.get("seconds") or 0.0) if finding.uptime_s is not None else None


def _spike(
    finding: Finding, person: Person, usual: Usual | None, bins: list[Bin], always: tuple[Coincidence, ...]
) -> Spike:
    """A spike; `always` is what came at this one as at nearly all."""
    first, begin_s = _bin_of(int(finding.evidence["cycle"]), bins), _begin_s(finding, bins)
    end_s = finding.uptime_s if finding.kind == "spike" or first is None else begin_s
    told = None
    if usual is not None and begin_s is not None:
        told = changes(usual, begin_s - JUST_BEFORE_S, end_s if end_s is not None else begin_s)
    start_s = person.epoch.start_s if person.epoch is not None else None
    return Spike(
        kind=finding.kind,
        summary=finding.summary,
        begin_uptime_s=begin_s,
        end_uptime_s=end_s,
        time_s=start_s + begin_s if start_s is not None and begin_s is not None else None,
        origin=person.life.place[0],
        offset=first.offset if first is not None else None,
        sentence=sentence(told, always),
        lines_factor=round(told.lines_factor, 3) if told is not None and told.lines_factor is not None else None,
        changes=(*map(_always, always), *map(_said, _beside(told, always))),
    )


def _bin_of(cycle: int, bins: list[Bin]) -> Bin | None:
    """The bin of the trace that holds this collection."""
    at = bisect_right([each.number for each in bins], cycle) - 1
    return bins[at] if at >= 0 else None


def _said(change: Change) -> Said:
    return Said(change.kind, change.message, change.per_min, change.usual_per_min, change.factor, change.example[:400])


def _always(found: Coincidence) -> Said:
    return Said("always", found.message, found.per_min, found.per_min, None, found.example[:400])


def _beside(found: Changes | None, always: tuple[Coincidence, ...]) -> list[Change]:
    """What else was different."""
    known = {each.template for each in always}
    return [change for change in found.told if change.template not in known] if found is not None else []


def sentence(found: Changes | None, always: tuple[Coincidence, ...] = ()) -> str:
    """What was different, the most telling first."""
    if found is None and not always:
        return ""
    told = [_coincides(each) for each in always[:2]] + [_words(change) for change in _beside(found, always)[:3]]
    busy = found.lines_factor if found is not None else None
    if busy is not None and busy >= 1.5:
        told.append(f"all lines together came {busy:.2g} times as often as usual")
    if not told:
        return "no message was new, more frequent or missing then"
    return "; ".join(told)


def _coincides(found: Coincidence) -> str:
    each = "each of the" if len(found.at) == found.moments else f"{len(found.at)} of the"
    proof = surely(found.p_value)
    return f'"{found.message[:60]}" came then, as at {each} {found.moments}, and {found.total} times in all ({proof})'


def _words(change: Change) -> str:
    named = f'"{change.message[:60]}"'
    match change.kind:
        case "new":
            return f"{named} came for the first time"
        case "more":
            return f"{named} came {change.factor or 0:.2g} times as often as usual"
    return f"{named} was missing, which comes {often(change.usual_per_min)}"
