"""Lines of the application as text: those around each spike, and the last ones, each with how often its like comes."""

from __future__ import annotations

from collections.abc import Iterator

from gctail.palette import DIM
from gctail.parsing.gist import fitted
from gctail.parsing.text import show
from gctail.parsing.widths import cut, padded
from gctail.postmortem.certificate import Certificate, LastLine, Spike
from gctail.postmortem.headline import clock_time
from gctail.postmortem.pen import WIDTH, Pen

MOST_SPIKES, MOST_CHANGES = 3, 4
RATE_ROOM = 7


def spikes_text(certificate: Certificate, pen: Pen) -> Iterator[str]:
    """What the log said differently at each spike, and the lines around it."""
    told = [each for each in certificate.spikes if each.sentence or each.lines]
    if not told:
        return
    yield from ("", pen.head("At the spikes" if len(told) > 1 else f"At the {told[0].kind}"))
    for spike in told[:MOST_SPIKES]:
        when = clock_time(spike.time_s) if spike.time_s is not None else ""
        yield from pen.wrapped(f"{when} {spike.summary}".strip(), "  ", "    ")
        if spike.sentence:
            yield from pen.wrapped(spike.sentence[:1].upper() + spike.sentence[1:] + ".", "    ")
        yield from _changes(spike, pen)
        yield from (pen.paint(pen.cut(line, "    | "), DIM) for line in spike.lines)


def _changes(spike: Spike, pen: Pen) -> Iterator[str]:
    """A small table where more than the sentence is known."""
    if len(spike.changes) < 2:
        return
    yield pen.paint(f"    {'message':<44}{'then':>10}{'usually':>10}", DIM)
    for each in spike.changes[:MOST_CHANGES]:
        yield f"    {padded(cut(show(each.message), 43), 44)}{rate(each.per_min):>10}{rate(each.usual_per_min):>10}"


def last_words(certificate: Certificate, pen: Pen) -> Iterator[str]:
    """The last lines, and in one sentence what is to be thought of the very last."""
    if not certificate.last_lines or pen.last_lines <= 0:
        return
    shown = certificate.last_lines[-pen.last_lines :]
    known = any(line.says for line in shown)
    beside = "how often lines like it come" if known else ""
    yield from ("", pen.head("The last lines") + pen.paint(f"  {beside}".rstrip(), DIM))
    for line in shown:
        yield _line(line, pen, room=RATE_ROOM + 1 if known else 0)
    last = shown[-1]
    if last.says:
        yield from pen.wrapped(f"The last line: {last.says}.")


def _line(line: LastLine, pen: Pen, room: int) -> str:
    often = "" if not room else rate(line.usual_per_min) if line.usual_per_min is not None else "first"
    indent = " " * (4 + room)
    text = pen.cut(fitted(line.text, WIDTH - len(indent)), indent)[len(indent) :]
    return f"  {pen.paint(often.rjust(room - 1) + ' ' if room else '', DIM)}| {text}"


def rate(per_min: float | None) -> str:
    """`40/s`, `12/min`, `3/h`, at most `RATE_ROOM` wide."""
    if per_min is None:
        return ""
    for unit, factor in (("s", 1 / 60), ("min", 1.0), ("h", 60.0)):
        count = per_min * factor
        if count >= 1:
            return f"{count:.0f}/{unit}" if count >= 9.5 else f"{count:.2g}/{unit}"
    return "<1/h" if per_min else "0"
