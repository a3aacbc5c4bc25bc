"""Whose death a report tells of: names, pid, container, time and sizes, for and against.

A kernel's log tells of every process that was killed on its machine. A kill counts as ours only where something ties
it to this log; what contradicts it outweighs a likeness.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from gctail.records import Death, Sighting
from gctail.whose.identity import Identity, is_generic, is_like, is_named, is_pod_of

SLACK_S = 5.0
"""Clocks of a kernel's log with whole seconds, and of lines written before the kill but flushed later."""
SOON_S = 120.0
"""A kill so long after the last line still fits a process that had little to say."""
HALF_HOUR_S, FARTHEST_ZONE_S = 1800.0, 14 * 3600.0
DRIFT_S = 600.0
MOST_PACES, FEWEST_TIMES = 60, 8
CERTAIN, STRONG, FAIR, WEAK, NONE = 0.99, 0.95, 0.8, 0.55, 0.0


class Life(Struct, frozen=True):
    """What is known of one process when a report is held against it. Sizes in MiB, times Unix seconds."""

    service: str
    epoch: int
    who: Identity
    start_s: float | None
    end_s: float | None
    live_mib: float | None
    most_mib: float | None
    """What the Go heap may have grown to when the process ended: the next goal."""
    is_last: bool
    place: tuple[str, int, int]
    """Origin, and the offsets between which its own log tells of its end."""
    alone: bool
    """No other service with collections is in these logs."""
    pace_s: float | None = None
    """Mean seconds between its last lines."""


class Match(Struct, frozen=True):
    """How sure it is that a report tells of this process (0: it does not), and why."""

    confidence: float
    reasons: tuple[str, ...]
    against: tuple[str, ...] = ()


def pace_of(times_s: list[float]) -> float | None:
    """Mean seconds between lines that came at these times; None of a few."""
    return (max(times_s) - min(times_s)) / len(times_s) if len(times_s) >= FEWEST_TIMES else None


def settled(sighting: Sighting, life: Life) -> Sighting:
    """The report with its time on our clock, where it was printed in a `local_time` without a zone (dmesg -T).

    A shift by whole half hours that brings it to the end of the process is taken to be the zone, where the report names
    this process: some shift fits nearly every kill of a day. Where it comes near, or the name is another, its time says
    nothing: what dmesg -T reckons drifts. Where it does not even come near, it stays as it is.
    """
    if not isinstance(sighting.record, Death) or not sighting.record.details.get("local_time"):
        return sighting
    if sighting.time_s is None or life.end_s is None:
        return replace(sighting, time_s=None)
    late_s = sighting.time_s - life.end_s
    shift_s = round((late_s - SLACK_S) / HALF_HOUR_S) * HALF_HOUR_S
    if abs(shift_s) > FARTHEST_ZONE_S or not -DRIFT_S <= late_s - shift_s <= DRIFT_S:
        return sighting
    fits = -SLACK_S <= late_s - shift_s <= SOON_S
    if shift_s and identified(sighting.record.details, life.who) is None:
        fits = False
    return replace(sighting, time_s=sighting.time_s - shift_s if fits else None)


def combined(own: float, found: Match) -> float:
    """How sure both are together: what the report says, and that it is about this process."""
    return own * found.confidence if found.confidence >= 0.9 else min(own, found.confidence)


def match(sighting: Sighting, life: Life) -> Match:
    """Hold a report against a process."""
    death = sighting.record
    if not isinstance(death, Death):
        return Match(NONE, ())
    details = death.details
    against = [*_wrong_time(sighting, life), *_wrong_size(details, life)]
    if against:
        return Match(NONE, (), tuple(against))
    named = identified(details, life.who)
    if named is not None:
        confidence, reason = named
        support = _support(sighting, life)
        late_s = _late_s(sighting, life)
        if confidence < CERTAIN and late_s > _soon_s(life):
            return Match(WEAK, (f"{reason}, though we had said nothing for {late_s:.0f} s",))
        return Match(min(CERTAIN, confidence + 0.02 * len(support)), (reason, *support))
    return _by_place(sighting, death, life)


def _late_s(sighting: Sighting, life: Life) -> float:
    """How long after our last line it was told; 0 where nobody knows."""
    if sighting.time_s is None or life.end_s is None:
        return 0.0
    return max(0.0, sighting.time_s - life.end_s)


def _soon_s(life: Life) -> float:
    """Who wrote a line every few milliseconds does not live on for a minute without one."""
    return SOON_S if life.pace_s is None else min(SOON_S, SLACK_S + MOST_PACES * life.pace_s)


def identified(details: dict[str, Any], who: Identity) -> tuple[float, str] | None:
    """How surely a report names this process, and by what; None where it does not."""
    sure = _same_container(details, who) or _same_pid(details, who)
    return (CERTAIN, sure) if sure else _same_name(details, who)


def names_in(details: dict[str, Any]) -> list[str]:
    """By what a report calls the process that it is about."""
    return [str(details[key]) for key in ("process", "container", "pod", "unit") if details.get(key)]


def names_another(details: dict[str, Any], who: Identity) -> str | None:
    """The name that a report gives, where we know a name of this process and it is another."""
    names = names_in(details)
    others = [name for name in names if not is_generic(name.removesuffix(".service"))]
    ours = [name for name in (*who.own, *who.labels) if len(name) > 2 and not is_generic(name)]
    return others[0] if others and ours and identified(details, who) is None else None


def _wrong_time(sighting: Sighting, life: Life) -> list[str]:
    time_s = sighting.time_s
    if time_s is None:
        return []
    if life.end_s is not None and time_s < life.end_s - SLACK_S:
        return [f"the process went on for {life.end_s - time_s:.0f} s after it"]
    if life.start_s is not None and time_s < life.start_s - SLACK_S:
        return ["it was before the process began"]
    late_s = _late_s(sighting, life)
    if not life.is_last and late_s > SOON_S:
        return ["another process had taken its place by then"]
    if life.pace_s is not None and late_s > SOON_S + MOST_PACES * life.pace_s:
        return [f"it was {late_s / 60:.0f} min after our last line, and we wrote one every {life.pace_s:.2g} s"]
    return []


def _wrong_size(details: dict[str, Any], life: Life) -> list[str]:
    """Less memory than the live heap alone: the kernel counts pages, and live objects are in memory or in swap."""
    held = _held_mib(details)
    if held is None or not life.live_mib or life.live_mib < 16 or "swap_usage_kib" in details:
        return []
    if held < 0.5 * life.live_mib:
        return [f"the process killed held {held:.0f} MiB, less than our live heap of {life.live_mib:.0f} MiB"]
    return []


def _held_mib(details: dict[str, Any]) -> float | None:
    kib = details.get("anon_rss_kib")
    if isinstance(kib, int | float):
        return kib / 1024
    mib = details.get("rss_mib")
    return float(mib) if isinstance(mib, int | float) else None


def _same_container(details: dict[str, Any], who: Identity) -> str | None:
    container = str(details.get("container_id") or "")
    if len(container) >= 12 and any(
        each.startswith(container) or container.startswith(each) for each in who.containers
    ):
        return "it names our container"
    pod = str(details.get("pod_uid") or "")
    return "it names our pod" if pod and pod in who.pods else None


def _same_pid(details: dict[str, Any], who: Identity) -> str | None:
    pid = details.get("pid")
    process = str(details.get("process") or "")
    if not isinstance(pid, int) or pid not in who.pids:
        return None
    strangers = process and who.own and not any(is_named(name, process) or is_like(name, process) for name in who.own)
    return None if strangers else f"our lines carry its pid {pid}"


def _same_name(details: dict[str, Any], who: Identity) -> tuple[float, str] | None:
    names = names_in(details)
    for name in names:
        bare = name.removesuffix(".service")
        if any(is_named(own, bare) for own in (*who.own, *who.labels, *who.hints)):
            return STRONG, f"it names {name}, as our log does"
    pod = str(details.get("pod") or "")
    if any(is_pod_of(own, pod) for own in (*who.own, *who.labels)):
        return STRONG, f"it names {pod}, a pod of ours"
    for name in names:
        if any(is_like(own, name) or is_like(name, own) for own in (*who.labels, *who.own)):
            return FAIR, f"it names {name}, which is like our log's name"
    return None


def _support(sighting: Sighting, life: Life) -> list[str]:
    """What fits besides a name."""
    death = sighting.record
    details = death.details if isinstance(death, Death) else {}
    found = []
    after_s = _late_s(sighting, life)
    if sighting.time_s is not None and life.end_s is not None and after_s <= _soon_s(life):
        found.append(f"it came {after_s:.0f} s after our last line" if after_s >= 1 else "it came when our log ends")
    held = _held_mib(details)
    if held is not None and life.live_mib and life.most_mib and life.live_mib <= held <= 1.3 * life.most_mib + 64:
        found.append(f"it held {held:.0f} MiB, room enough for our heap")
    return found


def _by_place(sighting: Sighting, death: Death, life: Life) -> Match:  # noqa: PLR0911  (one after the other)
    """Nothing in the report says who: where it stands, or that nobody else is here, may."""
    names = names_in(death.details)
    origin, first, last = life.place
    if sighting.origin == origin and not names:
        if first <= sighting.offset <= last:
            return Match(STRONG, ("it stands where our log ends",))
        return Match(NONE, (), ("it stands elsewhere in our log",))
    if sighting.origin == origin and sighting.service != life.service:
        return Match(NONE, (), ("it is told of another service in this log",))
    support = _support(sighting, life)
    known = [name for name in life.who.own if len(name) > 2]
    if len(support) >= 2:
        return Match(FAIR - 0.05 * bool(known), tuple(support))
    others = [name for name in names if not is_generic(name.removesuffix(".service"))]
    if others and known:
        return Match(NONE, (), (f"it names {others[0]}; our log calls itself {known[0]}",))
    if not life.is_last or not life.alone:
        return Match(NONE, (), ("nothing in it points to this process",))
    if support:
        return Match(WEAK if others else WEAK + 0.1, ("nobody else is in these logs", *support))
    return Match(NONE if len(names) > 1 else WEAK - 0.05, ("nobody else is in these logs",))
