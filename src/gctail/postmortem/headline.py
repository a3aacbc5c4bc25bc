"""The four lines that are read at 03:12: what killed it, since when it was dying, who is suspected, what to do."""

from __future__ import annotations

from datetime import UTC, datetime

from gctail.amounts import duration, growth, size
from gctail.parsing.causes import MEMORY_MAY_EXPLAIN, NO_DEATHS
from gctail.postmortem.accused import ROOM, accused
from gctail.postmortem.certificate import Certificate, StackGroup
from gctail.postmortem.held import place_of, short
from gctail.postmortem.stacks import is_the_runtimes, own_frame

MANY = 50
"""Goroutines at one place that say something by their number."""
LEAST_SPIKE_MIB = 8
STEEP = 1.25
"""A spike has begun where one collection found so many times what the one before it had found."""
SHORT = {
    "unknown": "unknown: the log does not tell how it ended",
    "kernel-oom-kill-cgroup": "killed by the kernel at its memory limit",
    "kernel-oom-kill-global": "killed by the kernel: no memory left on the machine",
    "memory-limit-spiral": "killed at its limit after a GOMEMLIMIT spiral",
    "exit-137": "killed by SIGKILL (status 137), by whom is not told",
    "sigkill": "killed by SIGKILL, by whom is not told",
    "alive": "none seen: at work when the log ends",
    "log-cut-off": "none seen: the log is cut off",
}
UNKNOWN = {
    "near_limit": "unknown: the log does not tell; a kill at its memory limit fits",
    "spiral": "unknown: the log does not tell; a kill for memory fits",
    "silent_s": "unknown: it fell silent while the log went on",
    "last_error": "unknown: the log ends with an error",
    "restarted": "unknown: it ended without a word, and was started again",
}
BY_REASON = {
    "stop-timeout": "killed by systemd: it did not stop in time",
    "watchdog": "aborted by systemd's watchdog",
    "failed liveness probe": "ended by Kubernetes: its liveness probe failed",
    "failed startup probe": "ended by Kubernetes: its startup probe failed",
}
FIRST_STEPS = {
    "unknown": "find out how it ended: see what would settle it, below",
    "alive": "nothing: if it is gone, look at what would settle it, below",
    "log-cut-off": "get the rest of the log, then run this again",
    "healthy-end": "nothing, if it was to end: it did so by itself",
    "terminated": "nothing, if it was a deploy; else find who stopped it",
    "oom-killed-report": "compare what it needs with its limit, or find what took the memory",
    "kernel-oom-kill-cgroup": "compare what it needs with its limit, or find what took the memory",
    "exit-status": "read its last lines, below: it ended by itself",
}


def headline(certificate: Certificate) -> tuple[str, str, str, str]:
    """One line each, without labels."""
    return _cause(certificate), _since(certificate), _suspect(certificate), _do(certificate)


def _cause(certificate: Certificate) -> str:
    cause, limit = certificate.cause, certificate.memory.limit_mib
    text = SHORT.get(cause.name, cause.title)
    if cause.name == "oom-killed-report":
        return f"{_reported(certificate)} ({cause.confidence:.0%} sure)"
    reason = BY_REASON.get(str(cause.details.get("reason") or ""))
    if reason is not None and cause.name in {"sigkill", "signal-abort", "terminated"}:
        return f"{reason} ({cause.confidence:.0%} sure)"
    if cause.name in {"kernel-oom-kill-cgroup", "memory-limit-spiral"} and limit:
        text = text.replace("limit", f"limit of {size(limit)}", 1)
    if cause.name == "unknown":
        return next((said for name, said in UNKNOWN.items() if cause.details.get(name)), text)
    return f"{text} ({cause.confidence:.0%} sure)"


def dying(certificate: Certificate) -> bool:
    """The second line tells of the process's dying: its memory had a part in how it ended, or may have had."""
    cause = certificate.cause
    if cause.name == "unknown":  # a log that stops is no death, unless its memory was short
        return bool(cause.details.get("near_limit") or cause.details.get("spiral"))
    grew = bool((certificate.verdict or {}).get("leak")) and cause.name not in NO_DEATHS
    return grew or cause.name in MEMORY_MAY_EXPLAIN


def _reported(certificate: Certificate) -> str:
    details, limit = certificate.cause.details, certificate.memory.limit_mib
    at = f", at its limit of {size(limit)}" if limit else ""
    if details.get("reason") == "Evicted":
        return "evicted from its node, which was low on memory"
    if details.get("reason") == "OOMKilled" or str(details.get("signature", "")).startswith("kubernetes"):
        return f"OOMKilled in Kubernetes{at}"
    return f"{SHORT.get('oom-killed-report', certificate.cause.title)}{at}"


def _since(certificate: Certificate) -> str:
    onset = next((each for each in certificate.moments if each.kind == "onset"), None)
    verdict = certificate.verdict or {}
    live, last = certificate.series.live_high_mib, certificate.memory.heap_live_mib
    if onset is not None and verdict.get("leak"):
        left = " to live" if certificate.cause.name not in NO_DEATHS else ""
        ago = f" ({brief(onset.before_end_s)}{left})" if onset.before_end_s is not None else ""
        after = f"since +{duration(onset.uptime_s)}" if onset.uptime_s is not None else "for the last part"
        when = f"since {clock_time(onset.time_s)}" if onset.time_s is not None else after
        rate = verdict.get("rate_mib_per_s")
        now = "now " if any(each.kind == "faster" for each in certificate.moments) else ""
        grown = f", {now}+{growth(rate)}" if rate else ""
        stacks = certificate.memory.stacks_mib
        if verdict.get("kind") == "goroutine-growth" and stacks:
            return f"{when}{ago}: stacks {size(stacks)}, live heap {size(last or 0)}"
        heap = f"{_live_at(certificate, onset.uptime_s)} -> {last or 0:.0f} MiB"
        surely = f", {verdict['probability']:.0%} a leak" if "probability" in verdict else ""
        told = (f"live heap {heap}{grown}{surely}", f"live {heap}{grown}{surely}", f"live heap {heap}{grown}")
        able = (f"{when}{ago}: {each}" for each in told)
        return next((each for each in able if len(each) <= ROOM), f"{when}{ago}: live {heap}{grown}")
    if verdict.get("kind") == "outside-heap":
        return "not by its Go heap: the memory was held outside it"
    if (spike := _spike_at_the_end(certificate)) is not None:
        return spike
    if certificate.collections:
        healthy = "no leak was seen" if certificate.collections > 8 else "too few collections to tell"
        if verdict.get("kind") == "growing":
            healthy = f"perhaps by a leak ({verdict.get('probability', 0.0):.0%})"
        return f"{healthy}: live heap {live[0] if live else 0} -> {last or 0:.0f} MiB"
    return "not known: the log holds no collections (GODEBUG=gctrace=1)"


def _spike_at_the_end(certificate: Certificate) -> str | None:
    """Where the last collection found half as much again in use as the one before it."""
    series = certificate.series
    if certificate.cause.name not in MEMORY_MAY_EXPLAIN or len(series.number) < 2 or max(series.collections[-2:]) > 1:
        return None
    before, last = series.live_high_mib[-2], series.live_high_mib[-1]
    if last < 1.5 * before or last - before < LEAST_SPIKE_MIB:
        return None
    began = len(series.number) - 2
    while began and series.live_high_mib[began] >= STEEP * series.live_high_mib[began - 1]:
        began -= 1
    heap = f"by a spike at the end: live heap {series.live_high_mib[began]} -> {last} MiB"
    since_s, until_s = series.uptime_s[began], series.uptime_s[-1]
    if began == len(series.number) - 2 or since_s is None or until_s is None:
        return f"{heap} at once"
    return f"{heap} in {duration(until_s - since_s)}"


def _live_at(certificate: Certificate, uptime_s: float | None) -> int:
    """MiB that were live then; at the first collection where the time is not known.

    Growth begins at the foot: what several collections share a bin with has the lowest of them.
    """
    series = certificate.series
    known = zip(series.live_low_mib, series.uptime_s, strict=False)
    before = [low for low, at_s in known if uptime_s is not None and at_s is not None and at_s <= uptime_s]
    return before[-1] if before else next(iter(series.live_low_mib), 0)


def _suspect(certificate: Certificate) -> str:
    if (certificate.verdict or {}).get("kind") == "goroutine-growth" and certificate.stacks[:1]:
        largest = certificate.stacks[0]
        if largest.count >= MANY:
            return _at_one_place(largest)
    if certificate.suspects:
        return accused(certificate, certificate.suspects[0])
    if certificate.holds:
        hold = certificate.holds[0]
        of = "what grew" if hold.grown_mib is not None else "the heap"
        return f"{hold.share:.0%} of {of} was made at {place_of(hold).rpartition('/')[2]}, {short(hold.function)}"
    return _by_stacks(certificate)


def _by_stacks(certificate: Certificate) -> str:
    """Where neither the log nor a profile names anybody: the frames of the death, or the largest group."""
    details = certificate.cause.details
    frames = details.get("frames")
    if certificate.cause.name == "thread-limit" and (held := _holding_threads(certificate.stacks)):
        return _at_one_place(held)
    if frames and details.get("growth") == "many-small-objects":
        return f"not known; {str(frames[0]).partition(' ')[0]} only asked last"
    if frames:
        return f"{frames[0]}"
    if certificate.stacks and certificate.stacks[0].count >= MANY:
        return _at_one_place(certificate.stacks[0])
    return _unnamed(certificate)


def _unnamed(certificate: Certificate) -> str:
    """Why nobody is named."""
    if certificate.indistinct:
        return "none is proven: the growth is too even to tell its lines apart"
    if not certificate.mined_lines:
        return "not known: the log has no lines of the application"
    if (certificate.verdict or {}).get("kind") == "outside-heap":
        return "not known: collections say nothing of what is outside the heap"
    leaks = certificate.verdict is None or bool(certificate.verdict.get("leak"))
    return "nobody: no message of the log grew with the heap" if leaks else "nobody"


def _at_one_place(group: StackGroup) -> str:
    function, _, place = own_frame(group).partition(" ")
    where = f" ({place.rsplit('/', 1)[-1]})" if place else ""
    return f"{group.count} goroutines at {function.rsplit('/', 1)[-1]}{where}"


def _holding_threads(stacks: tuple[StackGroup, ...]) -> StackGroup | None:
    """The largest group of the program's own, those in system calls before all others."""
    own = [each for each in stacks if not is_the_runtimes(each)]
    return max(own, key=lambda each: ("syscall" in " ".join(each.states), each.count), default=None)


def _do(certificate: Certificate) -> str:
    if certificate.advice:
        first = certificate.advice[0]
        more = len(certificate.advice) - 1
        return f"{first.title}{f' (and {more} more, below)' if more else ''}"
    step = FIRST_STEPS.get(certificate.cause.name)
    return step or ("see what would settle it, below" if certificate.cause.settles else "read its last lines, below")


def brief(seconds: float) -> str:
    """`61 s`, `2.5 min`, `3.4 h`, `12 h`, `2.1 d`."""
    for length, name in ((86400.0, "d"), (3600.0, "h"), (60.0, "min")):
        if seconds >= 2 * length:
            many = seconds / length
            return f"{many:.0f} {name}" if many >= 10 else f"{many:.2g} {name}"
    return f"{seconds:.0f} s"


def clock_time(time_s: float) -> str:
    """`08:51:43Z`: the day stands elsewhere."""
    return datetime.fromtimestamp(time_s, UTC).strftime("%H:%M:%S")


def date_time(time_s: float) -> str:
    """`2026-11-23 08:51:43 UTC`."""
    return datetime.fromtimestamp(time_s, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
