"""The memory at the end as one bar: live heap, garbage, stacks, globals, what is outside, and the limit over it."""

from __future__ import annotations

from gctail.postmortem.certificate import Certificate, Memory
from gctail.report.markup import Markup, tag
from gctail.report.wording import mib

WIDE = 1000.0


def parts_of(memory: Memory) -> list[tuple[str, str, float]]:
    """What the memory consisted of: class, name, MiB. Garbage is what the heap held beyond what was in use."""
    live = memory.heap_live_mib or 0.0
    end = memory.heap_end_mib or live
    parts = [
        ("live", "live heap", live),
        ("garbage", "heap not yet collected", max(0.0, end - live)),
        ("stacks", "stacks", memory.stacks_mib or 0.0),
        ("globals", "globals", memory.globals_mib or 0.0),
        ("outside", "outside Go's heap", memory.outside_mib or 0.0),
    ]
    return [part for part in parts if part[2] >= 0.5]


def holdings(certificate: Certificate) -> Markup:
    """The bar, its legend with figures, and the sentence."""
    memory = certificate.memory
    parts = parts_of(memory)
    if not parts and memory.limit_mib is None:
        return Markup("")
    total = sum(part[2] for part in parts)
    full = max(total, memory.rss_mib or 0.0, memory.limit_mib or 0.0, 1.0) * 1.02
    if memory.limit_mib is not None and memory.limit_mib > 6 * max(total, 1.0):
        full = max(total, memory.rss_mib or 0.0, 1.0) * 1.02  # a limit so far away would hide all the rest
    legend = [
        tag("li", tag("span", class_=f"swatch {kind}"), tag("b", mib(size)), f" {name}") for kind, name, size in parts
    ]
    levels = [
        tag("li", tag("span", class_=f"swatch {kind}"), tag("b", mib(size)), f" {name}")
        for kind, name, size in _levels(memory)
    ]
    return tag(
        "section",
        tag("h3", "Memory at the end"),
        tag("p", memory.sentence) if memory.sentence else "",
        _bar(memory, parts, full),
        tag("ul", *legend, *levels, class_="legend"),
        class_="memory",
    )


def _levels(memory: Memory) -> list[tuple[str, str, float]]:
    levels = [
        ("rss", "resident, says the kernel", memory.rss_mib),
        ("goal", "at which the next collection was due", memory.next_goal_mib),
        ("asked", "asked for and refused", memory.asked_mib),
        ("gomemlimit", "GOMEMLIMIT", memory.gomemlimit_mib),
        ("limit", "limit", memory.limit_mib),
    ]
    return [(kind, name, size) for kind, name, size in levels if size is not None]


def _bar(memory: Memory, parts: list[tuple[str, str, float]], full: float) -> Markup:
    at, rects = 0.0, []
    for kind, name, size in parts:
        wide = size / full * WIDE
        title = tag("title", f"{name}: {mib(size)}")
        rects.append(tag("rect", title, x=round(at, 1), y=8, width=round(wide, 1), height=24, class_=kind))
        at += wide
    ticks = [
        tag("rect", tag("title", f"{name}: {mib(size)}"), x=round(size / full * WIDE - 1, 1), y=2, width=3, height=36,
            class_=kind)
        for kind, name, size in _levels(memory)
        if kind != "asked" and size <= full
    ]  # fmt: skip
    said = "; ".join(f"{name} {mib(size)}" for _, name, size in parts)
    return tag(
        "svg", *rects, *ticks, class_="split", viewBox=f"0 0 {WIDE:.0f} 40", preserveAspectRatio="none", role="img",
        aria_label=f"Memory at the end: {said}",
    )  # fmt: skip
