"""Words of the log as they stood there, with the file and the byte where they stand; and the last lines."""

from __future__ import annotations

from gctail.postmortem.certificate import Certificate, LastLine, Quote, Said, Spike
from gctail.report.markup import Markup, tag, text
from gctail.report.tables import Cell, Column, table
from gctail.report.wording import NONE, clock, number

SHOWN = 1200


def quote(told: Quote) -> Markup:
    """A quotation with its place."""
    return tag(
        "figure",
        tag("blockquote", tag("code", text(told.text, SHOWN))),
        tag("figcaption", tag("span", told.says, class_="says") if told.says else "", place(told.origin, told.offset)),
    )


def place(origin: str, offset: int | None) -> Markup:
    """`service.log at byte 48,213`: the file's name, with the whole path where the pointer rests."""
    name = origin.rpartition("/")[2] or origin
    where = f"{name} at byte {offset:,}" if offset is not None else name
    title = f"{origin}, byte {offset:,}" if offset is not None else origin
    return tag("span", where, class_="place", title=title)


def last_lines(certificate: Certificate) -> Markup:
    """The last lines, oldest first, each with how often its like came before."""
    lines = certificate.last_lines
    if not lines:
        return Markup("")
    columns = [
        Column("line", wide=True), Column("usually", figures=True), Column("lately", figures=True),
        Column("at byte", figures=True),
    ]  # fmt: skip
    rows = [(_cells(line), "last" if line is lines[-1] else None) for line in lines]
    said = f"The last line: {lines[-1].says}. " if lines[-1].says else ""
    about = "Rates are of lines like it: over the whole run, and in its last part."
    shown = tag("p", said, tag("span", about, class_="quiet")) if any(line.says for line in lines) else ""
    return tag("section", tag("h3", "Last lines"), shown, table("Last lines", columns, rows), class_="last-lines")


def _cells(line: LastLine) -> list[Cell]:
    return [
        Cell(tag("code", text(line.text, SHOWN))),
        Cell(_per_minute(line.usual_per_min), line.usual_per_min),
        Cell(_per_minute(line.recent_per_min), line.recent_per_min),
        Cell(place(line.origin, line.offset) if line.offset is not None else NONE, line.offset),
    ]


def spikes(certificate: Certificate) -> Markup:
    """What the log said differently at each spike, and the lines around it."""
    told = [each for each in certificate.spikes if each.sentence or each.lines]
    if not told:
        return Markup("")
    heading = "At the spikes" if len(told) > 1 else f"At the {told[0].kind}"
    return tag("section", tag("h3", heading), *map(_spike, told), class_="spikes")


def _spike(spike: Spike) -> Markup:
    columns = [
        Column("message", wide=True), Column("how"), Column("then", figures=True), Column("usually", figures=True),
        Column("example", wide=True),
    ]  # fmt: skip
    rows = [(_said(each), None) for each in spike.changes]
    when = clock(spike.time_s)
    lines = [tag("li", tag("code", text(line, SHOWN))) for line in spike.lines]
    return tag(
        "div",
        tag("p", f"{when} " if when != NONE else "", spike.summary, class_="title"),
        tag("p", spike.sentence[:1].upper() + spike.sentence[1:] + ".", class_="conclusion") if spike.sentence else "",
        table("Messages at the spike", columns, rows) if rows else "",
        tag("ol", *lines, class_="around") if lines else "",
    )


def _said(said: Said) -> list[Cell]:
    kinds = {"always": "as at nearly all", "new": "for the first time", "more": "more often", "vanished": "missing"}
    return [
        Cell(tag("code", text(said.message, 200))),
        Cell(kinds.get(said.kind, said.kind)),
        Cell(_per_minute(said.per_min), said.per_min),
        Cell(_per_minute(said.usual_per_min), said.usual_per_min),
        Cell(tag("code", text(said.example, 200))),
    ]


def _per_minute(rate: float | None) -> str:
    return NONE if rate is None else number(rate, "/min")
