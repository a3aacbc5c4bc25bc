"""Words of the log as they stood there, with the file and the byte where they stand; and the last lines."""

from __future__ import annotations

from gctail.postmortem.certificate import Certificate, LastLine, Quote
from gctail.report.markup import Markup, tag, text
from gctail.report.tables import Cell, Column, table
from gctail.report.wording import NONE, number

SHOWN = 1200


def quote(told: Quote) -> Markup:
    """A quotation with its place."""
    return tag(
        "figure",
        tag("blockquote", tag("code", text(told.text, SHOWN))),
        tag("figcaption", tag("span", told.says, class_="says") if told.says else "", place(told.origin, told.offset)),
    )


def place(origin: str, offset: int | None) -> Markup:
    """`service.log:48213`: the file's name, with the whole path where the pointer rests."""
    name = origin.rpartition("/")[2] or origin
    where = f"{name}:{offset}" if offset is not None else name
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
    note = "The last line is what happened to be running. " if not _unusual(lines) else ""
    about = f"{note}Rates are of lines like it: over the whole run, and in its last part."
    shown = tag("p", about, class_="quiet") if any(line.usual_per_min is not None for line in lines) else ""
    return tag("section", tag("h3", "Last lines"), shown, table("Last lines", columns, rows), class_="last-lines")


def _cells(line: LastLine) -> list[Cell]:
    return [
        Cell(tag("code", text(line.text, SHOWN))),
        Cell(_per_minute(line.usual_per_min), line.usual_per_min),
        Cell(_per_minute(line.recent_per_min), line.recent_per_min),
        Cell(place(line.origin, line.offset) if line.offset is not None else NONE, line.offset),
    ]


def _per_minute(rate: float | None) -> str:
    return NONE if rate is None else number(rate, "/min")


def _unusual(lines: tuple[LastLine, ...]) -> bool:
    """The very last line is one that hardly ever came."""
    usual = lines[-1].usual_per_min
    return usual is not None and usual < 1
