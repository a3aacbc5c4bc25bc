"""What a person reads at a terminal: plain words, the most important first, nothing of the log unescaped."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from gctail.advice.of_suspect import second
from gctail.amounts import duration, growth, many, missing
from gctail.attribution.wording import beside, nobody, one_of_them, only_those, said, sentence, surely
from gctail.detectors.reasons import LIMIT_FROM, any_moment, is_here
from gctail.palette import BLUE, BOLD, DIM, GREEN, RED, YELLOW, Palette
from gctail.parsing.causes import ON_PURPOSE
from gctail.parsing.gist import fitted
from gctail.parsing.text import plain, show
from gctail.parsing.times import rfc3339
from gctail.postmortem.brief import brief, command, first_step
from gctail.records import Finding, Forecast, GcCycle, Verdict
from gctail.service import Seen
from gctail.sinks.source_lines import source_lines

_KERNEL_LINE = re.compile(r"(?:<\d{1,3}>)?\[ *\d{1,9}\.\d{6}\] |\[\D[^\]]{8,36}\d{4}\] |.{0,80}\bkernel: ")
QUOTED = 160
"""Characters of a line of the log."""
BAR_CELLS = 20
FEWEST_CELLS = 6
MOST_SUSPECTS = 3
MOST_DOUBTS = 2
"""Of what speaks against a suspect, the most telling first; JSON has all of it."""
UNDECIDED = frozenset({"growing", "too-few-points"})
MOST_REASONS = 2
"""Of a verdict that leaves it open: what grew, and since when."""
SEVERITY_COLOUR = {"critical": RED, "warning": YELLOW, "info": BLUE}
HEADLINES = {
    "leak": "LEAK",
    "leak-accelerating": "LEAK, accelerating",
    "leak-staircase": "LEAK, in steps",
    "growth-with-load": "no leak: the heap follows the load",
    "growing": "growing; too early to call it a leak",
    "warm-up": "no leak seen: warming up",
    "bounded-cache": "no leak: growth has stopped, as of a cache that is full",
    "step": "no leak seen: the heap rose at once, and stays",
    "sawtooth": "no leak: growth is given back again and again",
    "batch": "no leak: a batch came and went",
    "spike": "no leak: a spike",
    "steady": "steady",
    "idle": "idle",
    "death-spiral": "DEATH SPIRAL: the heap stands at GOMEMLIMIT",
    "goroutine-growth": "GOROUTINE LEAK: stacks grow",
    "outside-heap": "no leak in the Go heap: the memory was held outside it",
    "too-few-points": "too few collections to judge",
}


def finding_line(finding: Finding, palette: Palette) -> str:
    """One finding in one line: when, how bad, whose, what, and which lines of the log are suspected.

    The first process of a service has no number: most logs are of one only.
    """
    when = _when(finding.time_s) if finding.time_s is not None else _clock(finding.uptime_s)
    severity = palette.paint(finding.severity.upper().ljust(8), SEVERITY_COLOUR.get(finding.severity, ""))
    which = f" (process {finding.epoch})" if finding.epoch > 1 else ""
    told = f"{palette.paint(when, DIM)} {severity} {show(finding.service, 60)}{which}: {show(finding.summary, 400)}"
    return told + _accused(finding.suspects)


def _accused(suspects: Sequence[Mapping[str, Any]]) -> str:
    """The first suspect, and those that may be it as well: who is woken by a warning looks there first."""
    if not suspects:
        return ""
    sure = surely(suspects[0]["p_value"])
    together = [each for each in suspects[:MOST_SUSPECTS] if each.get("group") == suspects[0].get("group")]
    more = f" and {_named(other)}" if (other := second(suspects)) is not None else ""
    return f"; suspect{f' ({sure})' if sure else ''}: {' or '.join(map(_named, together))}{more}"


def _named(suspect: Mapping[str, Any]) -> str:
    """`"order placed" with tenant acme`, `"subscribed", not followed by "unsubscribed"`."""
    less = suspect.get("less")
    gone = f', not followed by "{show(str(less), 80)}"' if less else ""
    return f'"{show(said(suspect), 80)}"' + (f" with {only}" if (only := only_those(suspect)) else "") + gone


def cycle_line(
    seen: Seen, limit_mib: float | None, palette: Palette, *, named: bool, columns: int | None = None
) -> str:
    """One collection in one line, with a bar of the live heap (#) and the goal (-) against the limit.

    Where it does not fit into `columns`, the date is left out first, and then the bar is made shorter.
    """
    cycle = seen.sighting.record
    if not isinstance(cycle, GcCycle):
        return ""
    goal = cycle.goal_mib or cycle.heap_end_mib
    scale = limit_mib or max(goal, cycle.heap_end_mib, 1) * 1.25
    when = _when(seen.time_s) if seen.time_s is not None else _clock(cycle.uptime_s)
    marks = "".join(f"  {word}" for word, on in (("forced", cycle.forced), ("mended", seen.sighting.mended)) if on)
    name = f"{show(seen.sighting.service, 40)} " if named else ""
    before = f" {name}gc {cycle.number:<6} ["
    after = f"] live {cycle.heap_live_mib:>5} MiB  goal {goal:>5} MiB  pause {cycle.pause_ms:>6.2g} ms{marks}"
    room = len(when) + BAR_CELLS if columns is None else columns - len(before) - len(after)
    if room < len(when) + BAR_CELLS:
        when = when.rpartition("T")[2]
    cells = max(FEWEST_CELLS, min(BAR_CELLS, room - len(when)))
    live_cells = min(cells, round(cells * cycle.heap_live_mib / scale))
    goal_cells = min(cells, round(cells * goal / scale))
    bar = ("#" * live_cells + "-" * max(0, goal_cells - live_cells)).ljust(cells)
    return f"{palette.paint(when, DIM)}{before}{palette.paint(bar, BLUE)}{after}"


def report_text(report: dict[str, Any], palette: Palette) -> str:
    """The verdict on every service, worst first, and what was read."""
    services = sorted(report["services"], key=_badness, reverse=True)
    files = [str(each) for each in report["input"].get("files", ())]
    story = report["input"].get("story") or f"the whole story: {command(files)}"
    known = [service for service in services if service["collections"] or service["death"]]
    blocks = [service_block(service, palette, story) for service in known]
    others = [service["service"] for service in services if not service["collections"] and not service["death"]]
    if not blocks:
        blocks = [_nothing(report, others)]
    return "\n\n".join([*blocks, _footer(report, palette)])


def service_block(service: dict[str, Any], palette: Palette, story: str) -> str:
    """What one service suffers from, in a few lines."""
    verdict: Verdict | None = service["verdict"]
    lines = [_headline(service, verdict, palette), *_heap_lines(service, verdict)]
    lines += _since_lines(service)
    if service.get("turned"):
        lines.append(f"  about when it began: {show(service['turned'], 300)}")
    if verdict is not None:
        lines += _taken_back(service, verdict)
        lines += [f"  {show(said)}" for said in verdict.evidence.get("others_say", ())]
    if verdict is not None and verdict.kind in UNDECIDED:
        lines += [f"  {show(why)}" for why in verdict.why[:MOST_REASONS]]
    if verdict is not None and verdict.leak:
        lines += _forecast_lines(service, verdict.forecast)
    if verdict is not None and verdict.kind == "outside-heap":
        lines.append(f"  {show(verdict.why[0])}: look at C libraries, mmap, and memory of other processes")
    lines += _suspect_lines(service, verdict, palette)
    lines += _death_lines(service, palette)
    lines += _ledger_lines(service)
    lines += _next_lines(service, verdict, story, palette)
    return "\n".join(lines)


def _explained_as(kind: str) -> str:
    return "leak" if kind.startswith("leak") else kind


def _headline(service: dict[str, Any], verdict: Verdict | None, palette: Palette) -> str:
    name = palette.paint(show(service["service"], 80), BOLD)
    if verdict is None:
        deaths = sum(each.kind == "death" and each.severity != "info" for each in service["findings"])
        text = "DIED; no collections in this log" if service["death"] else "no collections in this log"
        if deaths > 1:
            text = f"tells of {deaths} deaths, the last of them below; no collections in this log"
        return f"{name}: {palette.paint(text, YELLOW)}"
    text = HEADLINES.get(verdict.kind, verdict.kind)
    died = service["death"] is not None and service["death"]["epoch"] in {None, service["epoch"]}
    ended_well = died and service["death"]["cause"] == ON_PURPOSE
    if died and not verdict.leak:
        text = f"{'ended' if ended_well else 'DIED'}; {text}"
    bad = verdict.leak or (died and not ended_well)
    sure = f" (probability of a leak {verdict.probability:.0%})"
    return f"{name}: {palette.paint(text, RED if bad else GREEN)}{sure}"


def _heap_lines(service: dict[str, Any], verdict: Verdict | None) -> list[str]:
    heap = service["heap"]
    if not heap:
        return []
    until, processes = heap["last_uptime_s"], service["epochs"]
    of = f" of process {service['epoch']} of {processes}" if processes > 1 else ""
    line = f"  {_course(heap)}{of} ({many(service['collections'], 'collection')})"
    if verdict is not None and verdict.leak and verdict.rate_mib_per_s and verdict.onset_uptime_s is not None:
        since = duration(until - verdict.onset_uptime_s) if until is not None else "some time"
        if _timed(service):
            line += f"; it has grown by {growth(verdict.rate_mib_per_s)} for {since}"
        else:  # Go before 1.5 in a log without times: collections are the only clock
            line += f"; it has grown by {verdict.rate_mib_per_s:.3g} MiB a collection"
    elif verdict is not None and not verdict.leak:
        line += _after_start(heap)
    return [line]


def _after_start(heap: dict[str, Any]) -> str:
    """Where it was once it had started: what comes before that is no growth that anybody minds."""
    seen = heap.get("after_start")
    if not seen or heap["last_uptime_s"] is None:
        return ""
    least, most = round(seen["least_mib"]), round(seen["most_mib"])
    between = f"{least} MiB" if least == most else f"{least} to {most} MiB"
    return f"; {between} after its first {duration(seen['since_s'])}"


def _since_lines(service: dict[str, Any]) -> list[str]:
    """What became of it, where the process that leaked was followed by another: what runs now matters most."""
    since = service.get("since")
    if not since or not since["heap"]:
        return []
    verdict = since["verdict"]
    state = f"{HEADLINES.get(verdict.kind, verdict.kind)} (probability of a leak {verdict.probability:.0%})"
    place = "runs beside it" if since.get("beside") else "came after it"
    line = f"  process {since['epoch']} {place}: {_course(since['heap'])}; {state}"
    if not verdict.leak or verdict.forecast is None:  # without a limit the line on the other process asks for one
        return [line]
    return [line, *_forecast_lines({"death": None, "heap": since["heap"]}, verdict.forecast)]


def _course(heap: dict[str, Any]) -> str:
    """From where to where the live heap of a process came, and in which time, where that is known."""
    until = heap["last_uptime_s"]
    span = f" in {duration(until - (heap['first_uptime_s'] or 0.0))}" if until is not None else ""
    return f"live heap {heap['first_live_mib']} -> {heap['last_live_mib']} MiB{span}"


def _timed(service: dict[str, Any]) -> bool:
    """The log says when things happened, by uptime or by time stamps."""
    heap = service["heap"] or {}
    return heap.get("last_uptime_s") is not None or heap.get("last_time_s") is not None


def _forecast_lines(service: dict[str, Any], forecast: Forecast | None) -> list[str]:
    """What would have come, or did come: told only while nobody has died of it."""
    if service["death"] is not None or not _timed(service):
        return []
    if forecast is None:
        return ["  when memory is gone depends on the container's limit: tell it with --limit"]
    limit = f"the limit of {forecast.limit_mib:.0f} MiB"
    if forecast.limit_from in LIMIT_FROM:
        limit = f"{forecast.limit_mib:.0f} MiB of live heap ({LIMIT_FROM[forecast.limit_from]})"
    if forecast.seconds is None:
        return [f"  at this rate it does not reach {limit}"]
    high = duration(forecast.high) if forecast.high is not None else "never"
    if forecast.next_goal_mib is not None:
        when = any_moment(forecast.next_goal_mib, forecast.limit_mib)
        soon = f", and nine times out of ten within {high} of the last collection" if forecast.high else ""
        return [f"  memory may be gone {when}{soon}"]
    if is_here(forecast):
        return [f"  memory may be gone any moment now, at {limit}"]
    between = f" ({duration(forecast.low)} to {high})" if forecast.low is not None else ""
    return [
        f"  at this rate memory is gone {duration(forecast.seconds)}{between} after the last collection, at {limit}"
    ]


def _taken_back(service: dict[str, Any], verdict: Verdict) -> list[str]:
    """A warning of this process that the verdict does not bear out, and that nothing has resolved: both are told."""
    warned = [each for each in service["findings"] if each.epoch == service["epoch"] and each.kind.startswith("leak")]
    if verdict.leak or not warned or warned[-1].evidence.get("phase") == "resolved" or not service["heap"]:
        return []
    until, at = service["heap"]["last_uptime_s"], warned[-1].uptime_s
    when = f" {duration(until - at)} before the last collection" if until is not None and at is not None else ""
    sure = f"{warned[-1].evidence['probability']:.0%}"
    return [f"  it was called a leak{when}, at {sure}: what came since makes that less sure"]


def _suspect_lines(service: dict[str, Any], verdict: Verdict | None, palette: Palette) -> list[str]:
    """Whom the log accuses of the growth: the line, why, an example, and what speaks against it."""
    told: list[str] = []
    accused = bool(service["suspects"])
    first = "suspect" if accused else "grows with"
    shown = (service["suspects"] or service["grows_with"])[:MOST_SUSPECTS]
    for suspect, word in zip(shown, beside(shown), strict=True):
        label = word or first
        told.append(
            f'  {palette.paint(label, BOLD)}: "{show(said(suspect), 160)}": '
            f"{show(sentence(suspect, accused=accused), 300)}"
        )
        if suspect.get("about_keys"):
            told.append(f"    {show(suspect['about_keys'], 200)}")
        if example := one_of_them(suspect):
            told.append(palette.paint(f"    | {_quoted(example)}", DIM))
        told += [f"    {show(line, 300)}" for line in source_lines(suspect.get("source"))]
        doubts = suspect["counter_evidence"] if label != "or" else ()
        told += [palette.paint(f"    but {show(doubt, 200)}", DIM) for doubt in doubts[:MOST_DOUBTS]]
        if len(doubts) > MOST_DOUBTS:
            told.append(palette.paint(f"    and {len(doubts) - MOST_DOUBTS} more against it with --output json", DIM))
    if not told and verdict is not None and verdict.leak and service["mined_lines"]:
        told = [f"  suspect: {show(nobody(service['indistinct'], service['mined_lines']), 400)}"]
    return told


def _death_lines(service: dict[str, Any], palette: Palette) -> list[str]:
    """The death in short: what and how sure, who says so and where, the memory, and what to do first."""
    death = service["death"]
    told = brief(service)
    if told is None:
        return []
    when = f" at {_when(death['time_s'])}" if death["time_s"] is not None else ""
    how = "ended" if death["cause"] == ON_PURPOSE else "died"
    whose = f"process {death['epoch']} {how}" if death["epoch"] not in {None, service["epoch"]} else how
    colour = GREEN if death["cause"] == ON_PURPOSE else RED
    title = told.cause.removeprefix(f"{how} ")
    lines = [f"  {palette.paint(whose, colour)}{when}: {show(title, 160)}"]
    lines.append(f"    {show(told.sentence, 300)}{f' Ours: {show(told.because, 160)}.' if told.because else ''}")
    lines.append(palette.paint(f"    {show(told.place, 120)} | {show(told.evidence, 160)}", DIM))
    if told.memory:
        lines.append(f"  memory: {told.memory}")
    own = [line for line in service["last_lines"] if _KERNEL_LINE.match(line) is None]
    if own and death["epoch"] in {None, service["epoch"]}:
        lines.append(f"  last line: {_quoted(own[-1])}")
        if own[-1] == service["last_lines"][-1] and service.get("last_line_says"):
            lines.append(f"    {show(service['last_line_says'], 160)}")
    return lines


def _quoted(line: str) -> str:
    """A line of the log as a person would see it: no colours, tabs as blanks; of a long one what it says."""
    return show(fitted(plain(line.encode("utf-8", "replace")).decode("utf-8", "replace"), QUOTED), QUOTED)


def _next_lines(service: dict[str, Any], verdict: Verdict | None, story: str, palette: Palette) -> list[str]:
    """The one most useful next step, and how to see more: `story`."""
    is_leak = verdict is not None and verdict.leak
    if service["death"] is None and not is_leak:
        return []
    steps = [show(first_step(service), 100), show(story, 420)]
    if verdict is not None and service["death"] is None:
        steps.append(f"what this means: gctail explain {_explained_as(verdict.kind)}")
    return [palette.paint(f"  next: {'; '.join(filter(None, steps))}", DIM)]


def _ledger_lines(service: dict[str, Any]) -> list[str]:
    ledger = service["ledger"]
    told = []
    if ledger["missing"]:
        told.append(f"{missing(ledger['missing'])} from this log (the numbers of the others prove it)")
    if ledger["doubled"]:
        told.append(f"{ledger['doubled']} stand in it twice")
    return [f"  {'; '.join(told)}"] if told else []


def _nothing(report: dict[str, Any], others: list[str]) -> str:
    read = report["input"]
    about = f" (services seen: {', '.join(show(name, 40) for name in others[:5])})" if others else ""
    if read["unreadable"]:
        return (
            f"no garbage collections in {many(read['lines'], 'line')}{about}, "
            f"but {read['unreadable']:,} that begin like one and cannot be read.\n"
            "  Does something add to the lines, or cut them? gctail explain 'LINE' says where one stops making sense."
        )
    return (
        f"no garbage collections in {many(read['lines'], 'line')}{about}.\n"
        "  Is the service started with GODEBUG=gctrace=1, and is its standard error in this log?"
    )


def _footer(report: dict[str, Any], palette: Palette) -> str:
    read = report["input"]
    parts = [many(read["bytes"], "byte"), many(read["lines"], "line"), many(read["gc_lines"], "collection")]
    if read["heap_samples"]:
        parts.append(many(read["heap_samples"], "heap sample"))
    if read["mended"]:
        parts.append(f"{many(read['mended'], 'torn line')} mended")
    if read["unreadable"]:
        parts.append(f"{read['unreadable']:,} unreadable")
    notes = "".join(f"\nnote: {show(note, 400)}" for note in read.get("notes", ()))
    odd = next((line for service in report.get("services", ()) for line in service["unreadable"]), None)
    shown = f"\nunreadable, for example:\n    | {_quoted(odd)}" if odd is not None else ""
    return palette.paint("read " + ", ".join(parts), DIM) + shown + notes


def _badness(service: dict[str, Any]) -> tuple[float, int]:
    verdict: Verdict | None = service["verdict"]
    leak = (1.0 + verdict.probability if verdict.leak else verdict.probability) if verdict else 0.0
    died = 2.0 if service["death"] is not None and service["collections"] else 0.0
    return leak + died, service["collections"]


def _when(time_s: float) -> str:
    """To the millisecond: a line's time is not known better."""
    return rfc3339(round(time_s, 3))


def _clock(uptime_s: float | None) -> str:
    return f"+{uptime_s:.3f}s" if uptime_s is not None else "-"
