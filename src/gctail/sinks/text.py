"""What a person reads at a terminal: plain words, the most important first, nothing of the log unescaped."""

from __future__ import annotations

from typing import Any

from gctail.parsing.text import show
from gctail.parsing.times import rfc3339
from gctail.records import Finding, Forecast, GcCycle, Verdict
from gctail.service import Seen

BAR_CELLS = 20
RED, YELLOW, GREEN, BLUE, DIM, BOLD, PLAIN = (
    "\x1b[31m",
    "\x1b[33m",
    "\x1b[32m",
    "\x1b[36m",
    "\x1b[2m",
    "\x1b[1m",
    "\x1b[0m",
)
SEVERITY_COLOUR = {"critical": RED, "warning": YELLOW, "info": BLUE}
HEADLINES = {
    "leak": "LEAK",
    "leak-accelerating": "LEAK, accelerating",
    "leak-staircase": "LEAK, in steps",
    "growth-with-load": "no leak: the heap follows the load",
    "warm-up": "no leak seen: warming up",
    "bounded-cache": "no leak: growth has stopped, as of a cache that is full",
    "step": "no leak: the heap made a step and stays",
    "sawtooth": "no leak: growth is given back again and again",
    "batch": "no leak: a batch came and went",
    "spike": "no leak: a spike",
    "steady": "steady",
    "idle": "idle",
    "death-spiral": "DEATH SPIRAL: the heap stands at GOMEMLIMIT",
    "goroutine-growth": "GOROUTINE LEAK: stacks grow",
    "too-few-points": "too few collections to judge",
}


class Palette:
    """Colours, or none."""

    def __init__(self, *, colour: bool) -> None:
        self.colour = colour

    def paint(self, text: str, code: str) -> str:
        """The text in a colour where colours are wanted."""
        return f"{code}{text}{PLAIN}" if self.colour and text else text


def finding_line(finding: Finding, palette: Palette) -> str:
    """One finding in one line: when, how bad, whose, what."""
    when = rfc3339(finding.time_s) if finding.time_s is not None else _clock(finding.uptime_s)
    severity = palette.paint(finding.severity.upper().ljust(8), SEVERITY_COLOUR.get(finding.severity, ""))
    return f"{palette.paint(when, DIM)} {severity} {show(finding.service, 60)}: {show(finding.summary, 400)}"


def cycle_line(seen: Seen, limit_mib: float | None, palette: Palette) -> str:
    """One collection in one line, with a bar of the live heap (#) and the goal (-) against the limit."""
    cycle = seen.sighting.record
    if not isinstance(cycle, GcCycle):
        return ""
    goal = cycle.goal_mib or cycle.heap_end_mib
    scale = limit_mib or max(goal, cycle.heap_end_mib, 1) * 1.25
    live_cells = min(BAR_CELLS, round(BAR_CELLS * cycle.heap_live_mib / scale))
    goal_cells = min(BAR_CELLS, round(BAR_CELLS * goal / scale))
    bar = ("#" * live_cells + "-" * max(0, goal_cells - live_cells)).ljust(BAR_CELLS)
    when = rfc3339(seen.time_s) if seen.time_s is not None else _clock(cycle.uptime_s)
    return (
        f"{palette.paint(when, DIM)} gc {cycle.number:<6} [{palette.paint(bar, BLUE)}] live {cycle.heap_live_mib} MiB, "
        f"goal {goal} MiB, pause {cycle.pause_ms:.2g} ms{', forced' if cycle.forced else ''}"
        f"{', mended' if seen.sighting.mended else ''}  {show(seen.sighting.service, 40)}"
    )


def report_text(report: dict[str, Any], palette: Palette) -> str:
    """The verdict on every service, worst first, and what was read."""
    services = sorted(report["services"], key=_badness, reverse=True)
    blocks = [service_block(service, palette) for service in services if service["collections"] or service["death"]]
    others = [service["service"] for service in services if not service["collections"] and not service["death"]]
    if not blocks:
        blocks = [_nothing(report, others)]
    return "\n\n".join([*blocks, _footer(report, palette)])


def service_block(service: dict[str, Any], palette: Palette) -> str:
    """What one service suffers from."""
    verdict: Verdict | None = service["verdict"]
    lines = [_headline(service, verdict, palette)]
    if verdict is not None:
        lines += [f"  {show(sentence)}" for sentence in verdict.why]
        lines += _heap_lines(service)
        if verdict.leak and verdict.forecast is not None and service["death"] is None:
            lines.append(f"  {_forecast(verdict.forecast)}")
    lines += _death_lines(service)
    lines += _ledger_lines(service)
    return "\n".join(lines)


def _headline(service: dict[str, Any], verdict: Verdict | None, palette: Palette) -> str:
    name = palette.paint(show(service["service"], 80), BOLD)
    if verdict is None:
        return f"{name}: {palette.paint('no collections in this log', YELLOW)}"
    text = HEADLINES.get(verdict.kind, verdict.kind)
    if service["death"] is not None and not verdict.leak:
        text = f"DIED; {text}"
    bad = verdict.leak or service["death"] is not None
    sure = f" (probability of a leak {verdict.probability:.0%})"
    return f"{name}: {palette.paint(text, RED if bad else GREEN)}{sure}"


def _heap_lines(service: dict[str, Any]) -> list[str]:
    heap = service["heap"]
    if not heap:
        return []
    until = heap["last_uptime_s"]
    span = f" in {_span(until - (heap['first_uptime_s'] or 0.0))}" if until is not None else ""
    processes = service["epochs"]
    of = f" of process {service['epoch']} of {processes}" if processes > 1 else ""
    return [
        f"  live heap {heap['first_live_mib']} -> {heap['last_live_mib']} MiB{span}{of};"
        f" {service['collections']} collections read, Go {heap['go']}"
    ]


def _forecast(forecast: Forecast) -> str:
    if forecast.seconds is None:
        return f"at this rate the limit of {forecast.limit_mib:.0f} MiB is not met"
    between = ""
    if forecast.low is not None:
        high = _span(forecast.high) if forecast.high is not None else "never"
        between = f" (80 %: {_span(forecast.low)} to {high})"
    return f"memory is gone in {_span(forecast.seconds)}{between}, at a limit of {forecast.limit_mib:.0f} MiB"


def _death_lines(service: dict[str, Any]) -> list[str]:
    death = service["death"]
    if death is None:
        return []
    when = f" at {rfc3339(death['time_s'])}" if death["time_s"] is not None else ""
    lines = [f"  died{when}: {death['cause'].replace('-', ' ')}"]
    lines += [f"    | {show(line, 160)}" for line in death["evidence"][:2]]
    if service["last_lines"]:
        lines.append(f"  last line: {show(service['last_lines'][-1], 160)}")
    return lines


def _ledger_lines(service: dict[str, Any]) -> list[str]:
    ledger = service["ledger"]
    told = []
    if ledger["missing"]:
        told.append(f"{ledger['missing']} collections are missing from this log (their numbers prove it)")
    if ledger["doubled"]:
        told.append(f"{ledger['doubled']} stand in it twice")
    return [f"  {'; '.join(told)}"] if told else []


def _nothing(report: dict[str, Any], others: list[str]) -> str:
    read = report["input"]
    about = f" (services seen: {', '.join(show(name, 40) for name in others[:5])})" if others else ""
    return (
        f"no garbage collections in {read['lines']} lines{about}.\n"
        "  Is the service started with GODEBUG=gctrace=1, and is its standard error in this log?"
    )


def _footer(report: dict[str, Any], palette: Palette) -> str:
    read = report["input"]
    parts = [f"{read['bytes']:,} bytes", f"{read['lines']:,} lines", f"{read['gc_lines']:,} collections"]
    if read["mended"]:
        parts.append(f"{read['mended']:,} torn lines mended")
    if read["unreadable"]:
        parts.append(f"{read['unreadable']:,} unreadable")
    notes = "".join(f"\nnote: {show(note, 400)}" for note in read.get("notes", ()))
    return palette.paint("read " + ", ".join(parts), DIM) + notes


def _badness(service: dict[str, Any]) -> tuple[float, int]:
    verdict: Verdict | None = service["verdict"]
    leak = (1.0 + verdict.probability if verdict.leak else verdict.probability) if verdict else 0.0
    return leak + (2.0 if service["death"] else 0.0), service["collections"]


def _clock(uptime_s: float | None) -> str:
    return f"+{uptime_s:.3f}s" if uptime_s is not None else "-"


def _span(seconds: float | None) -> str:
    """A duration as people say it."""
    if seconds is None:
        return "never"
    for size, name in ((86400.0, "d"), (3600.0, "h"), (60.0, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.1f} {name}"
    return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
