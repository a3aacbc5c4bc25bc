"""Where the facts come from: each part of a certificate tells some of them."""

from __future__ import annotations

import re
from collections.abc import Iterable

from gctail.advice.facts import Facts, facts_from, percent
from gctail.advice.of_death import told_by_death
from gctail.advice.of_heap import stacks_in_use, told_by_heap
from gctail.advice.of_suspect import told_by_suspect
from gctail.amounts import growth
from gctail.attribution.keys.values import KeyReport
from gctail.attribution.wording import keyed
from gctail.detectors.goroutines import REAL_PER_SCANNED
from gctail.postmortem.certificate import Certificate
from gctail.postmortem.facts_of_stacks import told_by_stacks

LAST_PART = 0.25
"""Rates are those of the last quarter of the rows, in which the process came to its end."""
_VERSION = re.compile(r"\bgo(?P<version>1\.(?P<minor>\d{1,2})(?:\.\d{1,2})?)\b")
_NO_LIMIT = re.compile(r"\bgomemlimit\W{1,3}9223372036854775807\b", re.IGNORECASE)


def facts_of(certificate: Certificate) -> Facts:
    """The facts of one certificate."""
    told: dict[str, object] = {"cause": certificate.cause.name}
    told |= _verdict(certificate)
    told |= _memory(certificate)
    told |= _course(certificate)
    told |= _findings(certificate)
    told |= _suspects(certificate)
    told |= told_by_stacks(certificate)
    told |= told_by_death(certificate.cause.details)
    told |= _runs(certificate)
    told |= _version(certificate)
    told |= _settings(certificate, told)
    return facts_from(told)


def _verdict(certificate: Certificate) -> dict[str, object]:
    verdict = certificate.verdict or {}
    rate = verdict.get("rate_mib_per_s")
    ledger = certificate.ledger
    return {
        "kind": verdict.get("kind"),
        "leak": bool(verdict.get("leak")),
        "rate": growth(rate) if rate else None,
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
    live, stacks = memory.heap_live_mib, stacks_in_use(memory.stacks_mib)
    whole = (live or 0) + (stacks or 0) + (memory.globals_mib or 0)
    return {
        **told_by_heap(live, memory.next_goal_mib, memory.stacks_mib, memory.limit_mib),
        "gomemlimit_mib": memory.gomemlimit_mib,
        "rss_mib": memory.rss_mib,
        "outside_mib": memory.outside_mib,
        "beyond_mib": memory.beyond_mib,
        "jump_mib": memory.jump_mib,
        "outside_percent": percent(memory.outside_mib, memory.rss_mib),
        "stacks_percent": percent(stacks, whole),
        "globals_mib": memory.globals_mib,
        "globals_percent": percent(memory.globals_mib, whole),
        "asked_mib": memory.asked_mib,
    }


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
        "forced_percent": percent(forced, sum(series.collections)),
        "pause_max_ms": max(series.pause_max_ms),
        "pause_mean_ms": _mean(series.pause_mean_ms),
        "allocation_mib_per_s": _mean(series.alloc_rate_mib_per_s[part]),
        "peak_over_live": peak / live if live >= 16 else None,
        "highest_live_mib": float(live),
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
    told = told_by_suspect(certificate.suspects)
    accused = {each.get("message") for each in certificate.suspects[:1]}
    for key in [each for each in certificate.keys if not accused or each.message in accused][:1]:
        told["distinct"] = told.get("distinct") or key.distinct
        if key.found is not None and all(map(keyed, certificate.suspects[:1])):
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
        roots = (memory.stacks_mib or 0) * REAL_PER_SCANNED + (memory.globals_mib or 0) + (memory.outside_mib or 0)
        peak = max(certificate.series.live_high_mib, default=int(live))
        settings["limit_setting"] = f"{max(32, 1.15 * (2 * peak + roots)):.0f}Mi"
    if live and isinstance(limit, int | float) and live < 0.8 * limit:
        settings["gogc_setting"] = max(10, min(100, int((0.9 * limit / live - 1) * 100 // 5 * 5)))
    return settings
