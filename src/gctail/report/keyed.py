"""The keys of a suspect under the microscope: one sentence, a small table of their parts, and how they grow."""

from __future__ import annotations

from gctail.attribution.keys.values import KeyReport
from gctail.postmortem.certificate import Certificate, Key
from gctail.postmortem.text_keys import facts, named
from gctail.postmortem.wording import key_called
from gctail.report.markup import Markup, join, tag, text
from gctail.report.tables import Cell, Column, table
from gctail.report.wording import number, share, span

WIDE, HIGH = 300.0, 64.0
EXAMPLES = 4


def keys(certificate: Certificate) -> Markup:
    """One block for each slot that was looked at."""
    known = [(key, key.found) for key in certificate.keys if key.found is not None]
    return join(*(_block(key_called(key, certificate), key, found) for key, found in known))


def _block(name: str, key: Key, found: KeyReport) -> Markup:
    about, first = "about " if found.scale > 1 else "", "the first " if found.cut else ""
    rate = f", {number(key.new_per_s)} new ones a second" if key.new_per_s else ""
    count = f"{about}{found.distinct:,} different values in {first}{found.lines:,} lines{rate}"
    columns = [
        Column("part", wide=True),
        Column("example"),
        Column("values", figures=True),
        Column("without it", figures=True),
    ]
    rows = [
        (
            [
                Cell(tag("code", text(named(part), 120))), Cell(tag("code", text(part.example, 60))),
                Cell(number(part.distinct), part.distinct), Cell(number(part.without), part.without),
            ],
            "first" if (part.kind, part.detail) == (found.cause, found.detail) else None,
        )
        for part in found.parts
    ]  # fmt: skip
    examples = [tag("code", text(each.key, 100)) for each in found.keys[-EXAMPLES:]]
    return tag(
        "div",
        tag("h4", "Keys: ", tag("code", text(name, 60))),
        tag("p", found.sentence, class_="conclusion"),
        tag("p", count, ", built as ", tag("code", found.pattern), f" ({share(found.pattern_share)})", class_="quiet"),
        tag("div", table(f"Parts of {name}", columns, rows) if rows else "", _curve(found), class_="microscope"),
        tag("ul", *(tag("li", each) for each in facts(found)), class_="quiet keyfacts"),
        tag("p", *(join(" " if at else "", each) for at, each in enumerate(examples)), class_="examples"),
        class_="keys",
    )  # fmt: skip


def _curve(found: KeyReport) -> Markup:
    """Different keys over time, as an area."""
    if len(found.growth) < 2:
        return Markup("")
    begin, end = found.growth[0][0], found.growth[-1][0]
    most = max(count for _, count in found.growth) or 1
    points = " ".join(
        f"{(time_s - begin) / max(end - begin, 1e-9) * WIDE:.1f},{HIGH - count / most * (HIGH - 4):.1f}"
        for time_s, count in found.growth
    )
    said = f"Different values over {span(end - begin)}: from {found.growth[0][1]:,} to {most:,}"
    drawn = tag(
        "svg", tag("polygon", points=Markup(f"0,{HIGH:.0f} {points} {WIDE:.0f},{HIGH:.0f}")),
        viewBox=f"0 0 {WIDE:.0f} {HIGH:.0f}", preserveAspectRatio="none", role="img", aria_label=said,
    )  # fmt: skip
    return tag("figure", drawn, tag("figcaption", said), class_="keycurve")
