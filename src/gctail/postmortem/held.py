"""What heap profiles say of a death: which lines of the program hold the memory, or hold more than before."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from gctail.amounts import duration, size
from gctail.golang.profiles import HeapProfile, Site, sites
from gctail.golang.profiles.sites import earlier_first
from gctail.golang.profiles.values import Frame
from gctail.postmortem.certificate import Certificate, Hold, Profiled
from gctail.postmortem.wording import KINDS

MOST_HOLDS, MOST_CALLERS = 12, 12
LEAST_SHARE = 0.001
MIB = float(1 << 20)


def with_profiles(certificate: Certificate, profiles: Sequence[tuple[str, HeapProfile]]) -> Certificate:
    """The certificate with what one profile holds, or what grew between two; each comes with the name of its file."""
    if not profiles:
        return certificate
    told = list(profiles[:2])
    if len(told) == 2 and not earlier_first(told[0][1], told[1][1]):
        told.reverse()
    now, before = told[-1][1], told[0][1] if len(told) == 2 else None
    measure = "inuse" if now.inuse_bytes > 0 or not now.alloc_bytes else "alloc"
    found = sites(now, before)
    if measure == "alloc":
        found.sort(key=lambda site: -site.alloc_bytes)
    return replace(
        certificate,
        holds=_holds(found, measure),
        profile=_profiled([name for name, _ in told], measure, now, before, certificate.memory.heap_live_mib),
    )


def _holds(found: list[Site], measure: str) -> tuple[Hold, ...]:
    """The largest, each with its share of all; what shrank holds nobody's memory up."""
    held = [(site, site.alloc_bytes if measure == "alloc" else site.grown_bytes) for site in found]
    total = sum(part for _, part in held if part > 0)
    return tuple(_hold(site, part / total, measure) for site, part in held[:MOST_HOLDS] if part > LEAST_SHARE * total)


def _hold(site: Site, share: float, measure: str) -> Hold:
    return Hold(
        function=site.at.function,
        file=site.at.file,
        line=site.at.line,
        mib=(site.alloc_bytes if measure == "alloc" else site.inuse_bytes) / MIB,
        share=share,
        grown_mib=site.grown_bytes / MIB if site.before_bytes is not None and measure == "inuse" else None,
        objects=site.alloc_objects if measure == "alloc" else site.inuse_objects,
        kind=site.kind,
        shown_by=site.shown_by,
        through=site.through,
        callers=tuple(map(_place, site.callers[:MOST_CALLERS])),
    )


def _place(frame: Frame) -> str:
    return f"{frame.function} {frame.file}:{frame.line}" if frame.file and frame.line else frame.function


def _profiled(
    files: list[str], measure: str, now: HeapProfile, before: HeapProfile | None, live_mib: float | None
) -> Profiled:
    mib = (now.alloc_bytes if measure == "alloc" else now.inuse_bytes) / MIB
    before_mib = before.inuse_bytes / MIB if before is not None else None
    seconds = None
    if before is not None and before.time_s is not None and now.time_s is not None:
        seconds = now.time_s - before.time_s
    return Profiled(
        tuple(files), measure, mib, before_mib, seconds, _sentence(measure, mib, before_mib, seconds, live_mib)
    )


def _sentence(measure: str, mib: float, before_mib: float | None, seconds: float | None, live_mib: float | None) -> str:
    if measure == "alloc":
        return f"The profile says what was ever allocated ({size(mib)}), not what is held: take /debug/pprof/heap."
    if before_mib is not None:
        after = f" {duration(seconds)} later" if seconds is not None else " later"
        if mib <= before_mib:
            return f"In use were {size(before_mib)}, and{after} {size(mib)}: nothing grew on the whole."
        return f"In use were {size(before_mib)}, and{after} {size(mib)}: {size(mib - before_mib)} more."
    if live_mib and mib < 0.5 * live_mib:
        return f"In use were {size(mib)}, far less than the {size(live_mib)} at the end: it was taken long before."
    return f"In use were {size(mib)} when it was taken; what grew, two profiles would tell."


def grows(hold: Hold) -> str:
    """What grows there: the container by its name where the source is known, else its kind, and who may keep it."""
    if hold.container:
        return f"{hold.container} grows"
    kept = f"may be kept in {hold.kept_in}" if hold.kept_in else ""
    return "; ".join(part for part in (KINDS.get(hold.kind, ""), kept) if part)


def own_callers(hold: Hold) -> list[str]:
    """Who called, without the runtime, innermost first."""
    names = [each.partition(" ")[0] for each in hold.callers[1:]]
    return [short(name) for name in names if not name.startswith("runtime.")]


def short(function: str) -> str:
    """A function without the folders of its package."""
    plain, bracket, types = function.partition("[")
    return plain.rpartition("/")[2] + bracket + types


def place_of(hold: Hold) -> str:
    """File and line, the file with its last folder."""
    if hold.file is None:
        return ""
    file = "/".join(hold.file.replace("\\", "/").split("/")[-2:])
    return f"{file}:{hold.line}" if hold.line is not None else file
