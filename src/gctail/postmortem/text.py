"""The certificate as text for a terminal of 80 columns. The first five lines are the answer, the rest is the proof."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from typing import Any

from gctail.advice.book import Advice
from gctail.amounts import duration, many, size
from gctail.attribution.wording import beside, called, kept, nobody, one_of_them, only_those, said, surely, values_of
from gctail.palette import BLUE, BOLD, DIM, GREEN, RED, YELLOW
from gctail.parsing.causes import NO_DEATHS
from gctail.parsing.gist import fitted
from gctail.parsing.text import plain, show
from gctail.parsing.widths import padded
from gctail.postmortem.certificate import Case, Certificate, Memory, Moment, Quote
from gctail.postmortem.headline import clock_time, date_time, dying
from gctail.postmortem.pen import WIDTH, Pen
from gctail.postmortem.stacks import folded, is_the_runtimes
from gctail.postmortem.text_keys import keys_text
from gctail.postmortem.text_lines import last_words, spikes_text
from gctail.postmortem.text_proofs import profile_text, source_text
from gctail.postmortem.wording import LIMIT_FROM, in_short, key_called

LEAST_TOLD_MIB = 16
STORY = 27
"""Columns in front of what is told of a moment: when, and how long before the end."""
MOST_ADVICE, MOST_GROUPS, MOST_STACK_LINES = 12, 5, 6
COLOURS = {"critical": RED, "warning": YELLOW, "info": BLUE}


def case_text(case: Case, pen: Pen) -> str:
    """All certificates; an index in front where there are several."""
    blocks = []
    if len(case.certificates) > 1:
        blocks.append("\n".join(_index(case, pen)))
    blocks += ["\n".join(certificate_text(each, pen)) for each in case.certificates]
    if not case.certificates:
        blocks.append("No process in these logs: neither a collection, nor a death, nor a line of an application.")
    blocks.append("\n".join(_read(case, pen)))
    return "\n\n".join(blocks)


def _index(case: Case, pen: Pen) -> Iterator[str]:
    yield pen.head(f"{len(case.certificates)} services, the worst first")
    for each in case.certificates:
        leak = "; leaks" if (each.verdict or {}).get("leak") else ""
        first = each.headline[0] if each.headline else each.cause.title
        yield pen.cut(f"{show(each.service, 24):<25}{first}{leak}")


def certificate_text(certificate: Certificate, pen: Pen) -> Iterator[str]:
    """One certificate, line by line."""
    yield from top(certificate, pen)
    yield ""
    yield from _cause(certificate, pen)
    if certificate.moments:
        yield from ("", pen.head("The story"), *_story(certificate, pen))
    memory = list(_memory(certificate.memory, pen))
    if memory and not _idle_memory(certificate):
        yield from ("", pen.head("The memory at the end"), *memory)
    yield from _suspects(certificate, pen)
    yield from keys_text(certificate, pen)
    yield from source_text(certificate, pen)
    yield from profile_text(certificate, pen)
    yield from _stacks(certificate, pen)
    yield from _comparison(certificate, pen)
    yield from spikes_text(certificate, pen)
    yield from last_words(certificate, pen)
    yield from _advice(certificate.advice, pen)
    yield from _runs(certificate, pen)


def top(certificate: Certificate, pen: Pen) -> Iterator[str]:
    """The five lines that answer everything."""
    what = "CERTIFICATE" if certificate.cause.name in NO_DEATHS else "DEATH CERTIFICATE"
    name = show(certificate.service, 36)
    when = date_time(certificate.end_s) if certificate.end_s is not None else ""
    yield pen.head(f"{padded(f'{what}  {name}', WIDTH - len(when))}{when}".rstrip())
    colours = (GREEN if certificate.cause.name in {"alive", "healthy-end"} else RED, YELLOW, BLUE, BOLD)
    labels = ("cause", "dying" if dying(certificate) else "memory", "suspect", "do")
    for label, line, colour in zip(labels, certificate.headline, colours, strict=True):
        yield f"  {label:<9}{pen.paint(show(line, WIDTH - 11), colour)}"


def _cause(certificate: Certificate, pen: Pen) -> Iterator[str]:
    cause = certificate.cause
    yield pen.head("The cause")
    yield from pen.wrapped(cause.sentence)
    for reason in cause.details.get("matched") or ():
        yield from pen.wrapped(f"ours: {reason}", "  - ", "    ")
    for quote in cause.evidence[:6]:
        yield from _quoted(quote, pen)
    if cause.settles:
        yield from pen.wrapped("What would settle it:")
        for each in cause.settles:
            yield from pen.wrapped(each, "  - ", "    ")
    for quote in cause.not_ours[:3]:
        yield from pen.wrapped("Not this process's:")
        yield from _quoted(quote, pen)


def _quoted(quote: Quote, pen: Pen) -> Iterator[str]:
    place = f"{_short(quote.origin)} at byte {quote.offset:,}"
    says = f": {quote.says}" if quote.says else ""
    yield from (pen.paint(line, DIM) for line in pen.wrapped(f"{place}{says}", "    ", "      "))
    text = plain(quote.text[:600].encode("utf-8", "replace")).decode("utf-8", "replace")
    yield from pen.wrapped(text, "    | ", "    | ")


def _short(origin: str) -> str:
    """The end of a path, which tells files apart."""
    return origin if len(origin) <= 48 else "…" + origin[-47:]


def _story(certificate: Certificate, pen: Pen) -> Iterator[str]:
    for each in certificate.moments:
        colour = COLOURS.get(each.severity, "") if each.severity != "info" else ""
        yield f"  {_when(each):<12}{_before(each):>11}  {pen.paint(show(each.title, 54), colour)}"
        if each.text and each.text != each.title:
            if each.kind == "last-line":
                yield pen.cut(fitted(each.text, WIDTH - STORY), " " * STORY)
            else:
                yield from pen.wrapped(each.text[:240], " " * STORY)
    if certificate.foretold is not None:
        yield from pen.wrapped(certificate.foretold.sentence)


def _when(moment: Moment) -> str:
    if moment.time_s is not None:
        return clock_time(moment.time_s)
    return f"+{duration(moment.uptime_s)}" if moment.uptime_s is not None else ""


def _before(moment: Moment) -> str:
    before = moment.before_end_s
    if before is None:
        return ""
    return "the end" if abs(before) < 0.05 else f"-{duration(before)}" if before > 0 else f"+{duration(-before)}"


def _memory(memory: Memory, pen: Pen) -> Iterator[str]:
    yield from _bar(memory, pen)
    rows = (
        ("live heap", memory.heap_live_mib), ("heap at the last collection", memory.heap_end_mib),
        ("next collection due at", memory.next_goal_mib), ("stacks (scanned)", memory.stacks_mib or None),
        ("globals", memory.globals_mib or None), ("outside the Go heap, at least", memory.outside_mib or None),
        ("beyond the next collection", memory.beyond_mib),
        ("resident when it died", memory.rss_mib), ("limit", memory.limit_mib),
        ("GOMEMLIMIT (inferred)", memory.gomemlimit_mib), ("asked for", memory.asked_mib),
    )  # fmt: skip
    for name, mib in rows:
        if mib is not None:
            source = f"  ({LIMIT_FROM[memory.limit_source]})" if name == "limit" and memory.limit_source else ""
            yield f"  {name:<32}{size(mib):>10}{source}"
    if memory.sentence:
        yield from pen.wrapped(memory.sentence)


def _bar(memory: Memory, pen: Pen) -> Iterator[str]:
    """`live ####  garbage ----  limit |` on one line."""
    live, goal = memory.heap_live_mib, memory.next_goal_mib or memory.heap_end_mib
    if live is None or goal is None or memory.limit_mib is None:
        return
    cells = WIDTH - 6
    scale = max(memory.limit_mib, goal, live) / cells
    drawn = list(("#" * round(live / scale)).ljust(round(goal / scale), "-").ljust(cells))
    at = min(cells - 1, round(memory.limit_mib / scale))
    drawn[at] = "|"
    yield f"  [{pen.paint(''.join(drawn[:cells]), BLUE)}]"
    yield pen.paint("   # live   - up to the next collection   | limit", DIM)


def _suspects(certificate: Certificate, pen: Pen) -> Iterator[str]:
    if not certificate.suspects:
        if certificate.indistinct:
            yield from ("", pen.head("Suspects"))
            words = nobody(certificate.indistinct, certificate.mined_lines)
            yield from pen.wrapped(f"{words[:1].upper()}{words[1:]}.")
        return
    yield from ("", pen.head("Suspects"))
    groups: list[object] = []
    shown = certificate.suspects[:5]
    for at, (each, word) in enumerate(zip(shown, beside(shown), strict=True), 1):
        template = str(each.get("template") or "")
        facts = [
            f"{each['share']:.0%} of the growth" if isinstance(each.get("share"), int | float) else "",
            f"{each['mib']:.0f} MiB" if isinstance(each.get("mib"), int | float) else "",
            f"those with {only}" if (only := only_those(each)) else "",
            _less(each),
            kept(each),
            _different(each.get("distinct"), each.get("slot"), template),
            called(str(each["field"]), "field", template) if each.get("field") else "",
            surely(each.get("p_value")),
            f"the log cannot tell it from no. {at - 1}" if each.get("group") in groups[-1:] else "",
        ]
        groups.append(each.get("group"))
        yield from pen.wrapped(
            f'{at}. {word and word + " "}"{said(each)}": ' + ", ".join(fact for fact in facts if fact), "  ", "     "
        )
        if example := one_of_them(each):
            indent = "     | "
            yield pen.paint(pen.cut(fitted(example, WIDTH - len(indent)), indent), DIM)
    for key in certificate.keys[:3]:
        if key.found is None:
            examples = ", ".join(value for value, _ in key.examples[:3])
            yield from pen.wrapped(
                f"keys of {key_called(key, certificate)}: {key.distinct:,} different, such as {examples}", "  ", "     "
            )


def _different(distinct: object, slot: object, template: str) -> str:
    """`644 different values of user`, `644 different values after "order"`; empty where that is not known."""
    if not isinstance(distinct, int):
        return ""
    return f"{distinct:,} different {values_of(str(slot or ''), template)}"


def _less(suspect: dict[str, Any]) -> str:
    """`less those that say "closed": 34 % stay`."""
    held = suspect.get("held_share")
    stay = f": {held:.0%} stay".replace("%", " %") if isinstance(held, int | float) else ""
    return f'less those that say "{suspect["less"]}"{stay}' if suspect.get("less") else ""


def _stacks(certificate: Certificate, pen: Pen) -> Iterator[str]:
    if not certificate.stacks:
        return
    groups = certificate.stacks
    total = certificate.goroutines or sum(group.count for group in groups)
    order = ", the largest first" if len(groups) > 1 else ""
    yield from ("", pen.head(f"{_count(total, 'goroutine')}, {_count(len(groups), 'group')}{order}"))
    own = [group for group in groups if not is_the_runtimes(group) or group.guilty]
    shown = [group for at, group in enumerate(own) if at < MOST_GROUPS or group.guilty]
    for group in shown:
        state = ", ".join(f"{name} {count}" if len(group.states) > 1 else name for name, count in group.states.items())
        waits = f", up to {group.wait_minutes_max} min" if group.wait_minutes_max else ""
        guilty = pen.paint("  <- died here", RED) if group.guilty else ""
        yield show(f"  {group.count:,} x  {state}{waits}", WIDTH - 16) + guilty
        for frame in folded(_telling(group.stack))[:MOST_STACK_LINES]:
            yield pen.paint(pen.cut(frame, "      "), DIM)
        if group.created_by:
            yield pen.paint(pen.cut(f"created by {group.created_by}", "      "), DIM)

    rest = sum(group.count for group in own) - sum(group.count for group in shown)
    others = sum(group.count for group in groups if group not in own)
    more = [f"{rest:,} in smaller groups"] * (rest > 0) + [f"{others:,} of the Go runtime's own"] * (others > 0)
    if more:
        yield pen.paint(f"  and {', '.join(more)}", DIM)


def _count(count: int, name: str) -> str:
    return f"{count:,} {name}{'' if count == 1 else 's'}"


def _telling(stack: tuple[str, ...]) -> tuple[str, ...]:
    """The stack without the runtime's own frames at its top, where anything else follows."""
    first = next((at for at, frame in enumerate(stack) if not frame.startswith(("runtime.", "internal/"))), 0)
    return stack[first:]


def _comparison(certificate: Certificate, pen: Pen) -> Iterator[str]:
    found = certificate.comparison
    if found is None:
        return
    yield from ("", pen.head(f"Compared with process {found.epoch}, which was well"))
    yield from pen.wrapped(found.sentence)
    for row in found.rows:
        before = f"{row.before:.4g}" if row.before is not None else "-"
        now = f"{row.now:.4g}" if row.now is not None else "-"
        yield f"  {row.name:<20}{before:>12} -> {now:<10} {row.unit}"


def _advice(advice: Iterable[Advice], pen: Pen) -> Iterator[str]:
    told = list(advice)
    if not told:
        return
    yield from ("", pen.head("What to do"))
    for at, each in enumerate(told[:MOST_ADVICE], 1):
        yield f"  {at}. {pen.paint(show(each.title, 60), COLOURS.get(each.severity, ''))}"
        yield from pen.wrapped(each.text, "     ")
        for line in each.evidence:
            yield from pen.wrapped(f"because {line}", "     - ", "       ")
        yield from (pen.paint(line, BOLD) for line in _code(each.setting))
        yield pen.paint(f"     {each.url}", DIM)
    if len(told) > MOST_ADVICE:
        yield f"  and {len(told) - MOST_ADVICE} more with --json"


def _code(setting: str) -> Iterator[str]:
    """Code as it stands; lines that are too long are folded and go on four columns further right."""
    for line in setting.splitlines():
        safe = show(line, 1000)
        deep = " " * (7 + len(safe) - len(safe.lstrip()))
        yield from textwrap.wrap(
            safe.lstrip(), WIDTH, initial_indent=deep, subsequent_indent=f"{deep}    ", break_on_hyphens=False
        )


def _idle_memory(certificate: Certificate) -> bool:
    """The memory had no part in it: no leak, no limit, next to nothing in use. The headline says how much it was."""
    memory = certificate.memory
    leaks = (certificate.verdict or {}).get("leak")
    told = memory.limit_mib or memory.rss_mib or memory.asked_mib or leaks or dying(certificate)
    return not told and (memory.heap_live_mib or 0) < LEAST_TOLD_MIB


def _runs(certificate: Certificate, pen: Pen) -> Iterator[str]:
    if len(certificate.runs) < 2:
        return
    yield from ("", pen.head(f"{certificate.epochs} processes in this log"))
    for run in certificate.runs[-8:]:
        lasted = f"{duration(run['uptime_s'])}" if run.get("uptime_s") is not None else "?"
        here = "  <- this certificate" if run["epoch"] == certificate.epoch else ""
        cause = in_short(str(run["cause"]), followed=run is not certificate.runs[-1])
        yield show(f"  {run['epoch']:>3}  {lasted:>14}  {run['collections']:>6} collections  {cause}{here}", WIDTH)


def _read(case: Case, pen: Pen) -> Iterator[str]:
    read = case.input
    counted = (("bytes", "byte"), ("lines", "line"), ("gc_lines", "collection"))
    parts = [many(read.get(key, 0), thing) for key, thing in counted]
    parts += [
        f"{read[key]:,} {name}" for key, name in (("mended", "mended"), ("unreadable", "unreadable")) if read.get(key)
    ]
    yield pen.paint("read " + ", ".join(parts), DIM)
    for note in read.get("notes", ()):
        yield from pen.wrapped(f"note: {note}", "", "  ")
    if case.redacted is not None:
        told = ", ".join(f"{each.times} {each.kind} ({each.distinct} different)" for each in case.redacted)
        yield from pen.wrapped(f"redacted: {told or 'nothing was found'}", "", "  ")
