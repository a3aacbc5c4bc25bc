"""The goroutine dump: those that stand at the same place together, the largest groups first."""

from __future__ import annotations

from gctail.amounts import many
from gctail.postmortem.certificate import Certificate, StackGroup
from gctail.postmortem.stacks import folded, own_frame
from gctail.report.markup import Markup, Node, tag, text
from gctail.report.wording import number

OPEN = 1
SHOWN_FRAMES = 40
SHOWN_GROUPS = 40


def stacks(certificate: Certificate) -> Markup:
    """One entry a group; the first stands open."""
    groups = certificate.stacks
    if not groups:
        return Markup("")
    total = certificate.goroutines or sum(group.count for group in groups)
    about = f"{many(total, 'goroutine')} in {many(len(groups), 'group')}"
    cut = "; the dump is cut off" if certificate.stacks_truncated else ""
    most = max(group.count for group in groups)
    shown = [_group(group, most, is_open=at < OPEN) for at, group in enumerate(groups[:SHOWN_GROUPS])]
    rest = len(groups) - len(shown)
    more = tag("p", f"and {many(rest, 'smaller group')}", class_="quiet") if rest > 0 else ""
    return tag("section", tag("h3", "Goroutines"), tag("p", about + cut, class_="quiet"), *shown, more, class_="stacks")


def _group(group: StackGroup, most: int, *, is_open: bool) -> Markup:
    frames = [tag("li", tag("code", text(frame, 300))) for frame in folded(group.stack)[:SHOWN_FRAMES]]
    born = tag("p", "created by ", tag("code", text(group.created_by, 300)), class_="born") if group.created_by else ""
    summary = tag(
        "summary",
        tag("span", number(group.count), class_="count"),
        _bar(group.count / most),
        tag("span", _top(group), class_="top"),
        tag("span", _states(group), class_="quiet"),
        tag("span", "named by the crash", class_="guilty") if group.guilty else "",
    )
    return tag("details", summary, tag("ol", *frames, class_="frames"), born, open=is_open, class_="group")


def _top(group: StackGroup) -> Node:
    return tag("code", text(own_frame(group).partition(" ")[0], 160))


def _states(group: StackGroup) -> str:
    states = ", ".join(
        f"{state} {count:,}" if len(group.states) > 1 else state for state, count in group.states.items()
    )
    longest = group.wait_minutes_max
    return f"{states}, up to {many(longest, 'minute')}" if longest else states


def _bar(part: float) -> Markup:
    filled = tag("rect", width=round(100 * part, 1), height=6, rx=1)
    return tag("svg", filled, class_="bar", viewBox="0 0 100 6", preserveAspectRatio="none", aria_hidden="true")
