"""What ended a process: of all that was told and seen, the one cause that explains it, or the honest "unknown".

In this order: what the process itself printed while dying, the kernel, guards, orchestrators and shells, its last
words, and last what the log's own end shows. A report that another process's death explains is never ours.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from gctail.parsing.causes import CAUSES, KILLED_FOR_MEMORY, UNEXPLAINED_KILLS
from gctail.parsing.farewells import Farewell
from gctail.postmortem.certificate import Cause, Quote
from gctail.postmortem.quoting import Finder, quotes_of
from gctail.postmortem.wording import sentence_of
from gctail.records import Death, Sighting, Verdict
from gctail.whose.matching import Match, combined

KILLS = KILLED_FOR_MEMORY | UNEXPLAINED_KILLS
_RANK = (  # the first of these that was told decides; what stands later only supports it
    "kernel-oom-kill-cgroup", "kernel-oom-kill-global", "guard-kill", "oom-killed-report", "exit-137", "sigkill",
    "signal-segv", "signal-abort", "signal-quit", "terminated", "exit-status", "healthy-end",
)  # fmt: skip
SURE, IMMINENT_S = 0.8, 120.0
LEAST_LIVE_MIB = 16
SETTLES = {
    "kernel": "the kernel's log of that machine (dmesg -T, journalctl -k): --kernel-log FILE",
    "events": "kubectl describe pod, or kubectl get events -o json: --events FILE",
    "status": "the exit status: 137 is a kill, 2 a panic or fatal error, 143 a SIGTERM",
    "previous": "kubectl logs --previous, or the log file before the rotation",
    "limit": "the container's memory limit: --limit SIZE",
    "stderr": "the standard error of the process, where a dying Go program prints why",
    "later": "whether the process still runs: ps, systemctl status, kubectl get pod",
}


class Ending(Struct, frozen=True):
    """All that is known about how one process ended."""

    service: str
    own: tuple[Sighting, ...]
    """What Go itself printed in this process."""
    told: tuple[tuple[Sighting, Match], ...]
    """Reports of others that are about this process, surest first."""
    strangers: tuple[Sighting, ...]
    """Reports that are about other processes."""
    farewell: Farewell | None
    last_lines: tuple[Quote, ...]
    verdict: Verdict | None
    spiral: bool
    restarted: bool
    """A later process follows in the same log."""
    torn: str | None
    """How the log's end shows that it was cut; None where it does not."""
    missing: int
    """Collections that are missing from this process's log."""
    limit_mib: float | None
    next_goal_mib: float | None
    live_mib: float | None
    silent_s: float | None = None
    """How long the same log went on without it; None where it did not."""
    last_error: bool = False
    """Its very last line is an error, and the lines before it are none."""


def decide(ending: Ending, find: Finder) -> Cause:
    """The cause, with its evidence."""
    strangers = tuple(quote for each in ending.strangers[:8] for quote in quotes_of(each, find)[:1])
    for way in (_by_go, _by_reports, _by_words, _by_the_log):
        cause = way(ending, find)
        if cause is not None:
            return _with(cause, strangers)
    return _with(_unknown(ending), strangers)


def _with(cause: Cause, strangers: tuple[Quote, ...]) -> Cause:
    from msgspec.structs import replace

    return replace(cause, not_ours=strangers) if strangers else cause


def _cause(
    name: str, ending: Ending, confidence: float, evidence: tuple[Quote, ...], details: dict[str, Any], *keys: str
) -> Cause:
    title, sentence = CAUSES[name], sentence_of(name, ending.service, details)
    settles = tuple(SETTLES[key] for key in keys)
    return Cause(name, title, sentence, round(confidence, 2), evidence[:12], details, settles)


def _by_go(ending: Ending, find: Finder) -> Cause | None:
    """Go's own report. The last one counts; a report by others of the same death supports it."""
    deaths = [each for each in ending.own if isinstance(each.record, Death)]
    if not deaths:
        return None
    sighting = deaths[-1]
    death = sighting.record
    if not isinstance(death, Death) or death.cause not in CAUSES:
        return None
    confidence = float(death.details.get("confidence", 0.95))
    details = {**death.details, "text": death.text, "source": "go"}
    evidence = quotes_of(sighting, find)
    for other, _ in ending.told:
        evidence += quotes_of(other, find)[:1]
    keys = () if confidence >= 0.8 else ("status", "stderr")
    return _cause(death.cause, ending, confidence, evidence, details, *keys)


def _by_reports(ending: Ending, find: Finder) -> Cause | None:
    """What others say: who speaks with more knowledge decides, the rest supports."""
    told = [(each, match) for each, match in ending.told if isinstance(each.record, Death) and _is_death(each.record)]
    if not told:
        return None
    told.sort(key=lambda pair: (_rank(pair[0]), -pair[1].confidence))
    sighting, match = told[0]
    death = sighting.record
    if not isinstance(death, Death):
        return None
    own = float(death.details.get("confidence", 0.95)) if death.source != "kernel" else 0.99
    confidence = combined(own, match)
    details: dict[str, Any] = {}
    for each, _ in reversed(told):
        if isinstance(each.record, Death):
            details |= each.record.details
    details |= {"text": death.text, "source": death.source, "matched": list(match.reasons), "report": death.cause}
    evidence = quotes_of(sighting, find)
    for other, _ in told[1:]:
        evidence += quotes_of(other, find)[:1]
    name = death.cause if death.cause in CAUSES else "unknown"
    if name in KILLS and ending.spiral:
        name = "memory-limit-spiral"
    if name == "terminated" and ending.farewell is not None and ending.farewell.kind == "asked":
        name = "healthy-end"
    if name in {"exit-137", "sigkill"}:
        details |= _near_limit(ending)
    return _cause(name, ending, confidence, evidence, details, *_to_settle(name, confidence, details))


def _to_settle(name: str, confidence: float, details: dict[str, Any]) -> tuple[str, ...]:
    """What else to look at after a report."""
    if details.get("reason") == "stop-timeout":
        return ()
    if name in {"exit-137", "sigkill"}:
        return "kernel", "events"
    if confidence < SURE:
        return ("events", "status") if name.startswith("kernel") else ("kernel", "events")
    return ()


def _is_death(death: Death) -> bool:
    return not death.details.get("warning_only")


def _rank(sighting: Sighting) -> int:
    death = sighting.record
    cause = death.cause if isinstance(death, Death) else ""
    return _RANK.index(cause) if cause in _RANK else len(_RANK)


def _near_limit(ending: Ending) -> dict[str, Any]:
    """Where nobody says who killed: how near the memory was to its limit."""
    if ending.limit_mib and ending.next_goal_mib and ending.next_goal_mib > 0.9 * ending.limit_mib:
        return {"near_limit": True, "limit_mib": ending.limit_mib, "next_goal_mib": ending.next_goal_mib}
    return {}


def _by_words(ending: Ending, find: Finder) -> Cause | None:  # noqa: ARG001  (all ways are asked alike)
    """Its last words: asked to end, ended, or gave up."""
    word = ending.farewell
    if word is None:
        return None
    evidence = tuple(ending.last_lines[at] for at in word.lines)
    if word.kind == "fatal":
        return _cause("exit-status", ending, word.confidence, evidence, {"fatal_line": evidence[0].text}, "status")
    details = {"asked": word.kind == "asked"}
    return _cause("healthy-end", ending, word.confidence, evidence, details)


def _by_the_log(ending: Ending, find: Finder) -> Cause | None:  # noqa: ARG001  (all ways are asked alike)
    """Nobody tells of an end: what the log's own end shows."""
    last = ending.last_lines[-1:]
    if ending.restarted:
        return None
    if ending.torn is not None:
        details = {"torn": ending.torn, "missing": ending.missing}
        return _cause("log-cut-off", ending, 0.8, last, details, "previous", "later", "kernel")
    if ending.missing > 0 and ending.verdict is not None and not _in_danger(ending):
        details = {"torn": None, "missing": ending.missing}
        return _cause("log-cut-off", ending, 0.6, last, details, "previous", "later")
    stopped = ending.silent_s is not None or ending.last_error
    if ending.verdict is not None and not stopped and not _in_danger(ending):
        too_few = ending.verdict.kind == "too-few-points"
        details = {"leak": ending.verdict.leak, "too_few": too_few}
        return _cause("alive", ending, 0.5 if too_few else 0.7, last, details, "later", "status")
    return None


def _in_danger(ending: Ending) -> bool:
    """The memory was about to be gone, so that silence may well be death."""
    if ending.spiral:
        return True
    if ending.limit_mib and ending.next_goal_mib and (ending.live_mib or 0) >= LEAST_LIVE_MIB:
        return ending.next_goal_mib > 0.9 * ending.limit_mib
    verdict = ending.verdict
    if verdict is None or not verdict.leak:
        return False
    forecast = verdict.forecast
    return forecast is None or (forecast.seconds is not None and forecast.seconds < IMMINENT_S)


def _unknown(ending: Ending) -> Cause:
    details = {
        "restarted": ending.restarted,
        "in_danger": _in_danger(ending),
        "spiral": ending.spiral,
        "strangers": len(ending.strangers),
        "silent_s": ending.silent_s,
        "last_error": ending.last_error,
        **_near_limit(ending),
    }
    keys = ["kernel", "events", "status"]
    if ending.limit_mib is None and ending.live_mib:
        keys.append("limit")
    keys.append("previous" if ending.restarted else "later")
    return _cause("unknown", ending, 0.0, ending.last_lines[-1:], details, *keys)
