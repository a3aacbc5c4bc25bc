"""Tables whose columns sort. Without JavaScript they are plain tables, in the order that tells most."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct

from gctail.report.markup import Markup, Node, join, tag


class Column(Struct, frozen=True):
    """A heading; figures stand right and sort as numbers."""

    name: str
    figures: bool = False
    wide: bool = False


class Cell(Struct, frozen=True):
    """What is shown, and the number that it sorts by where that is another."""

    shown: Node
    value: float | None = None


def table(label: str, columns: Sequence[Column], rows: Iterable[tuple[Sequence[Cell], str | None]]) -> Markup:
    """Rows come with a class or None. Columns in which no row says anything are left out."""
    told = [(cells, mark) for cells, mark in rows]
    kept = [at for at in range(len(columns)) if any(cells[at].shown not in (None, "", "–") for cells, _ in told)]
    head = tag("tr", *(_heading(columns[at]) for at in kept))
    body = [tag("tr", *(_cell(columns[at], cells[at]) for at in kept), class_=mark) for cells, mark in told]
    whole = tag("table", tag("thead", head), tag("tbody", *body), class_="sortable", aria_label=label)
    return tag("div", whole, class_="scroll", tabindex="0", role="region", aria_label=label)


def _heading(column: Column) -> Markup:
    button = tag("button", column.name, tag("span", class_="arrow", aria_hidden="true"), type="button")
    return tag("th", button, scope="col", class_=_kind(column), aria_sort="none")


def _cell(column: Column, cell: Cell) -> Markup:
    value = None if cell.value is None else repr(float(cell.value))
    return tag("td", join(cell.shown), class_=_kind(column), data_value=value)


def _kind(column: Column) -> str | None:
    return "figures" if column.figures else "wide" if column.wide else None
