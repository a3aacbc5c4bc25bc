"""One row of a list as text: a service, a finding, a line. Nothing of a log reaches the terminal unescaped."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from rich.text import Text

from gctail.attribution.wording import beside, called, only_those, said
from gctail.parsing.gist import fitted
from gctail.parsing.text import show
from gctail.parsing.widths import cut, padded
from gctail.records import Finding
from gctail.snapshot import Line, Row, Snapshot, time_left_s
from gctail.tui.wording import bar, share, size, span, sparkline, state_word

SEVERITY_COLOUR = {"critical": "error", "warning": "warning", "info": "secondary", None: "success"}
ROOMY = 76
"""Columns from which on a service's goal, trend and GC CPU have room."""
MOST_CHARACTERS = 1000
"""Of a line; the list cuts it at its own width."""
MOST_SUSPECTS = 3
SIGNS = {"critical": "!", "warning": "▲", "info": "·", None: " "}
"""Severities can be told without colours."""


def header(snapshot: Snapshot, shown: int, words: str, width: int) -> Text:
    """How many services, how bad, what was read, and what keeps the reading up."""
    rows = snapshot.rows.values()
    critical = sum(row.severity == "critical" for row in rows)
    warnings = sum(row.severity == "warning" for row in rows)
    text = Text(no_wrap=True, overflow="ellipsis")
    text.append(f"{len(rows):,} service{'s' if len(rows) != 1 else ''}")
    if shown != len(rows):
        text.append(f" ({shown:,} shown)")
    if critical:
        text.append(f"  {critical:,} critical", style="bold")
    if warnings:
        text.append(f"  {warnings:,} warning{'s' if warnings != 1 else ''}")
    read = snapshot.facts.get("bytes")
    if width >= 100 and isinstance(read, int):
        text.append(f"  {read:,} bytes read", style="dim")
    behind, trouble = snapshot.facts.get("lag_messages"), snapshot.facts.get("trouble")
    if isinstance(behind, int) and behind:
        text.append(f"  {behind:,} messages behind", style="dim")
    if isinstance(trouble, str) and trouble:
        text.append(f"  {show(trouble, max(20, width // 2))}", style="bold")
    text.append(f"   {words}")
    if width >= 60 and snapshot.at_s:
        clock = time.strftime("%H:%M:%SZ", time.gmtime(snapshot.at_s))
        text.append(clock.rjust(max(2, width - 2 - text.cell_len)))
    return text


def draw_service(row: Row, width: int, now_s: float, colours: dict[str, str]) -> Text:
    """Name, state, live, goal, limit bar, trend, time to the end, GC CPU; less where there is less room."""
    roomy = width >= ROOMY
    name_width = max(10, width - (56 if roomy else 34))
    colour = colours[SEVERITY_COLOUR[row.severity]]
    text = Text(no_wrap=True, overflow="crop")
    text.append(f"{SIGNS[row.severity]} ", style=f"bold {colour}")
    text.append(padded(cut(show(row.service, name_width - 1), name_width - 1), name_width))
    text.append(f"{state_word(row.state):<13}", style=colour)
    text.append(f"{size(row.live_mib):>6} ")
    if roomy:
        text.append(f"{size(row.goal_mib):>6} ", style="dim")
    if row.limit_mib and row.goal_mib is not None:
        part = max(row.goal_mib, row.live_mib or 0) / row.limit_mib
        near = colours["error"] if part >= 1 else colours["warning"] if part > 0.8 else colours["primary"]
        text.append(bar(part, 1.0, 6), style=near)
    else:
        text.append("     -", style="dim")
    if roomy:
        text.append(f" {sparkline(row.trend, 8)} ", style=colours["primary"])
    left_s = time_left_s(row, now_s)
    ends = row.any_moment or left_s is not None
    told = "now" if row.any_moment else span(left_s)
    text.append(f"{told:>5}", style=f"bold {colours['error']}" if ends else "dim")
    if roomy:
        text.append(f"{share(row.gc_cpu_share):>5}")
    return text


def draw_finding(finding: Finding, colours: dict[str, str]) -> Text:
    """When, how bad, what."""
    text = Text(no_wrap=True, overflow="ellipsis")
    if finding.time_s is not None:
        text.append(time.strftime("%H:%M:%S ", time.gmtime(finding.time_s)), style="dim")
    elif finding.uptime_s is not None:
        text.append(f"+{span(finding.uptime_s):<7} ", style="dim")
    colour = colours[SEVERITY_COLOUR[finding.severity]]
    over = finding.evidence.get("phase") == "resolved"
    sign = "✓" if over else SIGNS[finding.severity]
    text.append(f"{sign} {finding.kind.replace('-', ' ')}: ", style=colours["success"] if over else f"bold {colour}")
    text.append(show(finding.summary, MOST_CHARACTERS))
    return text


def draw_line(line: Line, width: int, colours: dict[str, str]) -> Text:
    """A line of the application, or a collection, which is set apart.

    Of a line that is wider than the list, what it says is shown, and not the time and the caller before that.
    """
    text = Text(no_wrap=True, overflow="ellipsis")
    if line.mark == "gc":
        text.append(show(line.text, MOST_CHARACTERS), style=colours["primary"])
        return text
    text.append("> " if line.mark == "suspect" else "  ", style=f"bold {colours['error']}")
    words = fitted(line.text[:MOST_CHARACTERS], width - 2)
    text.append(show(words, MOST_CHARACTERS), style="bold" if line.mark == "suspect" else "")
    return text


def draw_said(finding: Finding | None, suspects: Sequence[dict[str, Any]], colours: dict[str, str]) -> Text:
    """A finding in full, and who is suspected, most suspected first."""
    text = Text()
    if finding is not None:
        text.append(f"{finding.kind.replace('-', ' ')}: ", style=f"bold {colours[SEVERITY_COLOUR[finding.severity]]}")
        text.append(show(finding.summary, MOST_CHARACTERS))
    shown = suspects[:MOST_SUSPECTS]
    for suspect, word in zip(shown, beside(shown), strict=True):
        text.append("\n" if text.plain else "")
        text.append(f"{word or 'suspect':<7} ", style=f"bold {colours['error']}")
        text.append(show(said(suspect) or str(suspect.get("field") or ""), 160))
        name = suspect.get("field") or suspect.get("slot")
        by = called(str(name), "value", str(suspect.get("template") or "")) if name else only_those(suspect)
        mib, part = suspect.get("mib"), suspect.get("share")
        text.append(f"  by {show(str(by), 40)}" if by else "", style="dim")
        text.append(f"  {size(mib)}" if isinstance(mib, int | float) else "", style="bold")
        text.append(f"  {share(part)} of the growth" if isinstance(part, int | float) else "", style="dim")
    return text
