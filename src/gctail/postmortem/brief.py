"""A death in a few lines, for the end of an ordinary report: what, how sure, who says so, the memory, the next step.

Made of the report alone (see `gctail.engine.report`). The whole certificate needs a second look at the log.
"""

from __future__ import annotations

import re
import shlex
from typing import Any

from msgspec import Struct

from gctail.advice.book import advise
from gctail.advice.facts import ALIVE, Facts, facts_from
from gctail.advice.of_death import limit_told_mib, told_by_death
from gctail.advice.of_heap import told_by_heap
from gctail.advice.of_suspect import told_by_suspect
from gctail.amounts import growth, size
from gctail.parsing.causes import CAUSES, MEMORY_MAY_EXPLAIN
from gctail.postmortem.headline import SHORT
from gctail.postmortem.wording import sentence_of

MOST_FILES = 4


class Brief(Struct, frozen=True):
    """The lines, unescaped. `place` is file:byte of the evidence; `memory`, `because` and `step` may be empty."""

    cause: str
    sentence: str
    because: str
    place: str
    evidence: str
    memory: str
    step: str


def brief(service: dict[str, Any]) -> Brief | None:
    """Of one service of a report; None where it did not die."""
    death = service["death"]
    if death is None:
        return None
    name, details = death["cause"], death["details"]
    title = SHORT.get(name, CAUSES.get(name, name.replace("-", " ")))
    limit = _limit_mib(service)
    if name == "kernel-oom-kill-cgroup" and limit:
        title = title.replace("limit", f"limit of {size(limit)}", 1)
    return Brief(
        cause=f"{title} ({death['confidence']:.0%} sure)",
        sentence=sentence_of(name, service["service"], {**details, "text": death["text"], "source": death["source"]})
        if name in CAUSES
        else "",
        because=str(details.get("matched") or ""),
        place=f"{death['origin']} at byte {death['offset']:,}",
        evidence=death["text"].split("\n", 1)[0],
        memory=_memory(death["heap"], limit) if name in MEMORY_MAY_EXPLAIN else "",
        step=first_step(service),
    )


def first_step(service: dict[str, Any]) -> str:
    """What to do first about a service of a report, dead or alive, in a few words; empty where nothing calls for it."""
    advice = advise(_facts(service))
    return advice[0].title if advice else ""


def command(files: list[str]) -> str:
    """What to type for the whole story."""
    told = files if 0 < len(files) <= MOST_FILES and "-" not in files else ["FILE"]
    return f"gctail postmortem {' '.join(map(shlex.quote, told))}"


def _limit_mib(service: dict[str, Any]) -> float | None:
    death = service["death"] or {"details": {}, "limit_mib": None}
    told = limit_told_mib(death["details"])
    given: float | None = death["limit_mib"]
    return told if told is not None else given


def _memory(heap: dict[str, Any] | None, limit_mib: float | None) -> str:
    if not heap:
        return ""
    told = f"{size(heap['live_mib'])} live"
    if heap["next_goal_mib"]:
        told += f", the next collection due at {size(heap['next_goal_mib'])}"
    return told + (f", limit {size(limit_mib)}" if limit_mib else ", its limit is not known")


def _facts(service: dict[str, Any]) -> Facts:
    """As far as a report tells them; what it does not tell calls for no advice."""
    death = service["death"] or {"cause": ALIVE, "details": {}, "heap": None}
    verdict, details, now, then = service["verdict"], death["details"], service["heap"] or {}, death["heap"] or {}
    live = then.get("live_mib") if service["death"] else now.get("last_live_mib")
    goal = (then if service["death"] else now).get("next_goal_mib")
    rate = verdict.rate_mib_per_s if verdict is not None else None
    least = re.match(r"1\.(\d+)", str(now.get("go") or ""))
    known: dict[str, Any] = {
        "cause": death["cause"],
        "kind": verdict.kind if verdict is not None else None,
        "leak": verdict is not None and verdict.leak,
        "rate": growth(rate) if rate else None,
        "goroutines": details.get("goroutines"),
        "go_minor": int(least[1]) if least else None,
        **told_by_heap(live, goal, now.get("stacks_mib"), _limit_mib(service)),
    }
    return facts_from({**known, **told_by_death(details), **told_by_suspect(service["suspects"])})
