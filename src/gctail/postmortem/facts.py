"""What a rule of advice may ask of a certificate: plain facts with names, each None where the log does not tell it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from msgspec import Struct

from gctail.attribution.keys.values import KeyReport
from gctail.attribution.wording import proven
from gctail.detectors.reasons import rate_of
from gctail.postmortem.certificate import Certificate, StackGroup
from gctail.postmortem.memory import STACK_IN_USE

LAST_PART = 0.25
"""Rates are those of the last quarter of the rows, in which the process came to its end."""
_VERSION = re.compile(r"\bgo(?P<version>1\.(?P<minor>\d{1,2})(?:\.\d{1,2})?)\b")
_NO_LIMIT = re.compile(r"\bgomemlimit\W{1,3}9223372036854775807\b", re.IGNORECASE)
_WAITS = {  # states of a dump, and what they wait for
    "channel_waiters": ("chan receive", "chan send"),
    "nil_channel_waiters": ("chan receive (nil chan)", "chan send (nil chan)"),
    "select_waiters": ("select",),
    "mutex_waiters": ("sync.Mutex.Lock", "sync.RWMutex.Lock", "sync.RWMutex.RLock", "semacquire"),
    "group_waiters": ("sync.WaitGroup.Wait",),
    "io_waiters": ("IO wait",),
    "syscall_waiters": ("syscall",),
    "sleepers": ("sleep",),
    "assist_waiters": ("GC assist wait", "GC assist marking"),
}
_AT = {  # functions on the stacks, and what they are
    "http_transport": "net/http.(*persistConn)",
    "http_servers": "net/http.(*conn).serve",
    "sql_waiters": "database/sql.(*DB).conn",
    "grpc_streams": "google.golang.org/grpc",
    "tickers": "time.Tick",
    "log_writers": "log.(*Logger)",
}


class Facts(Struct, frozen=True):
    """Sizes in MiB, shares in percent, times in seconds; counts are of the whole process unless said otherwise."""

    cause: str
    kind: str | None = None
    leak: bool = False
    growth: str | None = None
    go_minor: int | None = None
    go_version: str | None = None
    swiss_maps: bool | None = None
    procs: int | None = None
    gogc: float | None = None
    limit_mib: float | None = None
    gomemlimit_mib: float | None = None
    gomemlimit_unset: bool = False
    live_mib: float | None = None
    first_live_mib: float | None = None
    next_goal_mib: float | None = None
    live_of_limit: float | None = None
    goal_of_limit: float | None = None
    rss_mib: float | None = None
    outside_mib: float | None = None
    outside_percent: float | None = None
    stacks_mib: float | None = None
    stacks_in_use_mib: float | None = None
    stacks_percent: float | None = None
    globals_mib: float | None = None
    globals_percent: float | None = None
    asked_mib: float | None = None
    rate: str | None = None
    """How fast the live heap grew, in words."""
    gc_cpu_percent: float | None = None
    gc_cpu_peak_percent: float | None = None
    collections: int | None = None
    collections_per_s: float | None = None
    forced: int | None = None
    forced_percent: float | None = None
    pause_max_ms: float | None = None
    pause_mean_ms: float | None = None
    allocation_mib_per_s: float | None = None
    peak_over_live: float | None = None
    uptime_s: float | None = None
    spiral: bool = False
    spikes: int = 0
    steps: int = 0
    map_growth: bool = False
    forced_on_timer: bool = False
    gogc_changed: bool = False
    long_pauses: int = 0
    warned: bool = False
    warning_lead_s: float | None = None
    missing: int = 0
    mended: int = 0
    unreadable: int = 0
    runs: int = 1
    deaths: int = 0
    life_s: float | None = None
    suspect: str | None = None
    suspect_percent: float | None = None
    suspect_proven: bool = False
    slot: str | None = None
    distinct: int | None = None
    field: str | None = None
    keys_alike: int | None = None
    keys_spelling: str | None = None
    key_part: str | None = None
    key_sentence: str | None = None
    keys_again_percent: float | None = None
    goroutines: int | None = None
    largest_group: int | None = None
    largest_percent: float | None = None
    largest_state: str | None = None
    largest_place: str | None = None
    largest_creator: str | None = None
    wait_minutes: int | None = None
    channel_waiters: int = 0
    nil_channel_waiters: int = 0
    select_waiters: int = 0
    mutex_waiters: int = 0
    group_waiters: int = 0
    io_waiters: int = 0
    syscall_waiters: int = 0
    sleepers: int = 0
    assist_waiters: int = 0
    http_transport: int = 0
    http_servers: int = 0
    sql_waiters: int = 0
    grpc_streams: int = 0
    tickers: int = 0
    log_writers: int = 0
    finalizers_blocked: int = 0
    frame: str | None = None
    runtime_error: str | None = None
    fault: str | None = None
    message: str | None = None
    threads: int | None = None
    score_adj: int | None = None
    swap: bool = False
    biggest_other: str | None = None
    guard: str | None = None
    asked_to_end: bool = False
    source_place: str | None = None
    held_by: str | None = None
    held_of: str | None = None
    held_percent: float | None = None
    gomemlimit_setting: str | None = None
    limit_setting: str | None = None
    gogc_setting: int | None = None
    profile_at_mib: float | None = None


def facts_of(certificate: Certificate) -> Facts:
    """The facts of one certificate."""
    told: dict[str, object] = {"cause": certificate.cause.name}
    told |= _verdict(certificate)
    told |= _memory(certificate)
    told |= _course(certificate)
    told |= _findings(certificate)
    told |= _suspects(certificate)
    told |= _goroutines(certificate)
    told |= _death(certificate)
    told |= _runs(certificate)
    told |= _version(certificate)
    told |= _settings(certificate, told)
    return Facts(**{name: value for name, value in told.items() if value is not None})  # type: ignore[arg-type]


def _verdict(certificate: Certificate) -> dict[str, object]:
    verdict = certificate.verdict or {}
    rate = verdict.get("rate_mib_per_s")
    ledger = certificate.ledger
    return {
        "kind": verdict.get("kind"),
        "leak": bool(verdict.get("leak")),
        "rate": rate_of(rate) if rate else None,
        "gogc": certificate.gogc_percent,
        "procs": certificate.procs,
        "collections": certificate.collections or None,
        "uptime_s": certificate.end_uptime_s,
        "missing": ledger.get("missing", 0),
        "mended": ledger.get("mended", 0),
        "unreadable": len(certificate.unreadable),
    }


def _memory(certificate: Certificate) -> dict[str, object]:
    memory = certificate.memory
    limit = memory.limit_mib if memory.limit_source != "gomemlimit" else None
    live, goal = memory.heap_live_mib, memory.next_goal_mib
    stacks = memory.stacks_mib * STACK_IN_USE if memory.stacks_mib else None
    whole = (live or 0) + (stacks or 0) + (memory.globals_mib or 0)
    return {
        "limit_mib": limit,
        "gomemlimit_mib": memory.gomemlimit_mib,
        "live_mib": live,
        "next_goal_mib": goal,
        "live_of_limit": _percent(live, limit),
        "goal_of_limit": _percent(goal, limit),
        "rss_mib": memory.rss_mib,
        "outside_mib": memory.outside_mib,
        "outside_percent": _percent(memory.outside_mib, memory.rss_mib),
        "stacks_mib": memory.stacks_mib,
        "stacks_in_use_mib": stacks,
        "stacks_percent": _percent(stacks, whole),
        "globals_mib": memory.globals_mib,
        "globals_percent": _percent(memory.globals_mib, whole),
        "asked_mib": memory.asked_mib,
    }


def _percent(part: float | None, whole: float | None) -> float | None:
    return 100 * part / whole if part is not None and whole else None


def _mean(values: Iterable[float | None]) -> float | None:
    known = [each for each in values if each is not None]
    return sum(known) / len(known) if known else None


def _course(certificate: Certificate) -> dict[str, object]:
    series = certificate.series
    rows = len(series.number)
    if not rows:
        return {}
    part = slice(rows - max(2, round(rows * LAST_PART)), rows)
    times = [each for each in series.uptime_s[part] if each is not None]
    span_s = times[-1] - times[0] if len(times) > 1 else 0.0
    shares = [each for each in series.gc_cpu_share if each is not None]
    busy = _mean(series.gc_cpu_share[part])
    forced = sum(series.forced)
    peak, live = max(series.heap_end_mib), max(series.live_high_mib)
    return {
        "first_live_mib": float(series.live_high_mib[0]),
        "gc_cpu_percent": None if busy is None else 100 * busy,
        "gc_cpu_peak_percent": 100 * max(shares) if shares else None,
        "collections_per_s": sum(series.collections[part][:-1]) / span_s if span_s > 0 else None,
        "forced": forced,
        "forced_percent": _percent(forced, sum(series.collections)),
        "pause_max_ms": max(series.pause_max_ms),
        "pause_mean_ms": _mean(series.pause_mean_ms),
        "allocation_mib_per_s": _mean(series.alloc_rate_mib_per_s[part]),
        "peak_over_live": peak / live if live >= 16 else None,
    }


def _findings(certificate: Certificate) -> dict[str, object]:
    kinds = [str(each.get("kind")) for each in certificate.findings if each.get("epoch") == certificate.epoch]
    warning = next((each for each in certificate.moments if each.kind == "first-warning"), None)
    return {
        "spiral": "death-spiral" in kinds,
        "spikes": kinds.count("spike"),
        "steps": kinds.count("step"),
        "map_growth": "map-growth" in kinds,
        "forced_on_timer": "forced-collections-on-a-timer" in kinds,
        "gogc_changed": "gogc-changed" in kinds,
        "long_pauses": kinds.count("pause-spike"),
        "warned": warning is not None,
        "warning_lead_s": warning.before_end_s if warning is not None else None,
    }


def _suspects(certificate: Certificate) -> dict[str, object]:
    told: dict[str, object] = {}
    if certificate.suspects:
        suspect = certificate.suspects[0]
        share = suspect.get("share")
        told = {
            "suspect": str(suspect.get("message") or suspect.get("template") or ""),
            "suspect_percent": 100 * share if isinstance(share, int | float) else None,
            "suspect_proven": proven(suspect.get("p_value")),
            "slot": suspect.get("slot"),
            "distinct": suspect.get("distinct"),
            "field": suspect.get("field"),
        }
    for key in certificate.keys[:1]:
        told["distinct"] = told.get("distinct") or key.distinct
        if key.found is not None:
            told |= _keys(key.found)
    place = next((each for each in certificate.places if each.grows), None)
    if place is not None:
        told["source_place"] = f"{place.symbol} at {place.file}:{place.line}"
    if certificate.holds:
        first = certificate.holds[0]
        told |= {
            "held_by": first.function,
            "held_percent": 100 * first.share,
            "held_of": "what grew" if first.grown_mib is not None else "what is in use",
        }
    return told


_NEW_BECAUSE = ("Each key is new because of its", "each key holds another")


def _keys(found: KeyReport) -> dict[str, object]:
    """What is wrong with the keys themselves: each is new because of a part of it, or one is written in many ways."""
    told: dict[str, object] = {"keys_again_percent": 100 * found.ages.again}
    if found.conclusion == "part":
        told |= {"key_part": found.cause, "key_sentence": found.sentence.partition(":")[0].replace(*_NEW_BECAUSE)}
    if found.conclusion == "spelling" and found.variants:
        keys = round(found.looked_at / found.pattern_share)
        told |= {"keys_alike": keys - found.variants[0].left, "keys_spelling": found.variants[0].what}
    return told


def _goroutines(certificate: Certificate) -> dict[str, object]:
    groups = [group for group in certificate.stacks if not _is_runtime(group)]
    told: dict[str, object] = {"goroutines": certificate.goroutines}
    if not groups:
        return told
    largest = max(groups, key=lambda group: group.count)
    waits = [group.wait_minutes_max for group in groups if group.wait_minutes_max is not None]
    own = [each for each in largest.stack if not each.startswith(("runtime.", "internal/", "sync."))]
    told |= {
        "largest_group": largest.count,
        "largest_percent": _percent(largest.count, certificate.goroutines),
        "largest_state": next(iter(largest.states), None),
        "largest_place": (own or largest.stack or ("?",))[0],
        "largest_creator": largest.created_by,
        "wait_minutes": max(waits, default=None),
    }
    for name, states in _WAITS.items():
        told[name] = sum(count for group in groups for state, count in group.states.items() if state in states)
    for name, function in _AT.items():
        told[name] = sum(group.count for group in groups if any(function in frame for frame in group.stack))
    told["finalizers_blocked"] = sum(_runs_finalizers(group) for group in groups)
    return told


def _runs_finalizers(group: StackGroup) -> bool:
    """A group of the runtime's own has no other frames: this one stands inside somebody's finalizer."""
    return any(frame.startswith(("runtime.runfinq", "runtime.runFinalizers")) for frame in group.stack)


def _is_runtime(group: StackGroup) -> bool:
    return all(frame.startswith("runtime.") for frame in group.stack)


def _death(certificate: Certificate) -> dict[str, object]:
    details = certificate.cause.details
    frames = details.get("frames")
    tasks = details.get("tasks") or [{}]
    other = tasks[0].get("process") if tasks[0].get("pid") != details.get("pid") else None
    return {
        "growth": details.get("growth"),
        "frame": str(frames[0]).split(" ", 1)[0] if frames else None,
        "runtime_error": details.get("runtime_error"),
        "fault": details.get("fault"),
        "message": str(details.get("message") or details.get("value") or "")[:120] or None,
        "threads": _number(details.get("threads")) or _number(details.get("limit")),
        "score_adj": _number(details.get("oom_score_adj")),
        "swap": bool(details.get("swap_usage_kib")) and details.get("swap_usage_kib") != details.get("usage_kib"),
        "biggest_other": other,
        "guard": details.get("guard"),
        "asked_to_end": bool(details.get("asked")),
    }


def _number(value: object) -> int | None:
    if isinstance(value, int):
        return value
    return int(value) if isinstance(value, str) and value.isdecimal() else None


def _runs(certificate: Certificate) -> dict[str, object]:
    lives = [run["uptime_s"] for run in certificate.runs if run.get("uptime_s") is not None]
    harmless = {"alive", "healthy-end", "log-cut-off", "terminated"}
    deaths = sum(run["cause"] not in harmless for run in certificate.runs[:-1])
    deaths += certificate.cause.name not in {*harmless, "unknown"} and len(certificate.runs) <= 1
    return {"runs": max(1, certificate.epochs), "deaths": deaths, "life_s": _mean(lives)}


def _version(certificate: Certificate) -> dict[str, object]:
    """The exact version where a line of the log names it, else the least that the shape of its gc lines needs."""
    text = "\n".join([*(line.text for line in certificate.last_lines), *certificate.first_lines])
    found = _VERSION.search(text)
    if found is None:
        least = re.match(r"1\.(\d+)", certificate.go or "")
        return {"gomemlimit_unset": _NO_LIMIT.search(text) is not None, "go_minor": int(least[1]) if least else None}
    minor = int(found["minor"])
    return {
        "go_minor": minor,
        "go_version": found["version"],
        "swiss_maps": minor >= 24,
        "gomemlimit_unset": _NO_LIMIT.search(text) is not None,
    }


def _settings(certificate: Certificate, told: dict[str, object]) -> dict[str, object]:
    """Settings that follow from what was seen: the container's limit less what is not Go's, less a tenth."""
    settings: dict[str, object] = {}
    memory, limit = certificate.memory, told.get("limit_mib")
    live = memory.heap_live_mib
    if isinstance(limit, int | float):
        mib = 0.92 * limit - (memory.outside_mib or 0.0)
        if mib > 16:
            settings["gomemlimit_setting"] = f"{mib:.0f}MiB"
        if live and told.get("gogc"):
            settings["profile_at_mib"] = round(0.4 * limit)
    if live and not told.get("leak"):
        roots = (memory.stacks_mib or 0) * STACK_IN_USE + (memory.globals_mib or 0) + (memory.outside_mib or 0)
        peak = max(certificate.series.live_high_mib, default=int(live))
        settings["limit_setting"] = f"{max(32, 1.15 * (2 * peak + roots)):.0f}Mi"
    if live and isinstance(limit, int | float) and live < 0.8 * limit:
        settings["gogc_setting"] = max(10, min(100, int((0.9 * limit / live - 1) * 100 // 5 * 5)))
    return settings
