"""The story as a time line, what was foretold, and this process beside the healthy one before it."""

from __future__ import annotations

from typing import Any

from gctail.parsing.gist import fitted
from gctail.postmortem.certificate import Certificate, Compared, Moment
from gctail.postmortem.wording import in_short
from gctail.report.markup import Markup, Node, tag
from gctail.report.quotes import quote
from gctail.report.tables import Cell, Column, table
from gctail.report.wording import NONE, clock, iso, mib, number, span, utc

STORY_CHARACTERS = 80
"""Of a line of the log in the time line, which is narrow; what is longer loses its time, caller and quotes."""


def story(certificate: Certificate) -> Markup:
    """The time line, oldest first."""
    if not certificate.moments:
        return Markup("")
    items = [_moment(moment, at) for at, moment in enumerate(certificate.moments)]
    told = certificate.foretold
    forecast = tag("p", told.sentence, class_="foretold") if told is not None and told.sentence else ""
    return tag(
        "section", tag("h3", "The story"), tag("ol", *items, class_="story"), forecast, class_="told",
        aria_label="The story",
    )  # fmt: skip


def _moment(moment: Moment, at: int) -> Markup:
    when = clock(moment.time_s)
    stamp = tag("time", when, datetime=iso(moment.time_s), title=f"{utc(moment.time_s)} UTC") if when != NONE else ""
    uptime = tag("span", f"+{span(moment.uptime_s)}", class_="uptime") if moment.uptime_s is not None else ""
    left = ""
    if moment.before_end_s is not None and moment.before_end_s > 0 and moment.kind not in {"last-line", "death"}:
        left = tag("span", f"{span(moment.before_end_s)} before the end", class_="left")
    return tag(
        "li",
        tag("p", stamp, uptime, left, class_="when"),
        tag("p", moment.title[:1].upper() + moment.title[1:], class_="title"),
        tag("p", _told(moment), class_="what") if moment.text else "",
        class_=f"{moment.kind} {moment.severity}",
        data_moment=at,
    )


def _told(moment: Moment) -> str:
    """What it says of itself; of a line of the log in little room what that says."""
    return fitted(moment.text, STORY_CHARACTERS) if moment.kind == "last-line" else moment.text


def comparison(certificate: Certificate) -> Markup:
    """Figures of both processes."""
    compared = certificate.comparison
    if compared is None:
        return Markup("")
    columns = [
        Column("figure"), Column(f"process {compared.epoch}", figures=True),
        Column(f"process {certificate.epoch}" if certificate.epoch else "this one", figures=True),
        Column("change", figures=True),
    ]  # fmt: skip
    rows = [
        ([Cell(row.name), _figure(row, row.before), _figure(row, row.now), _change(row)], None) for row in compared.rows
    ]
    return tag(
        "section", tag("h3", "Beside the healthy run before"), tag("p", compared.sentence),
        table("Comparison", columns, rows), class_="comparison",
    )  # fmt: skip


def _figure(row: Compared, value: float | None) -> Cell:
    return Cell(mib(value) if row.unit == "MiB" else number(value, row.unit), value)


def _change(row: Compared) -> Cell:
    if not row.before or row.now is None:
        return Cell(NONE)
    factor = row.now / row.before
    return Cell(f"× {factor:.3g}", factor)


def runs(certificate: Certificate) -> Markup:
    """Every process of the service, where the log knows several."""
    told: tuple[dict[str, Any], ...] = getattr(certificate, "runs", ())
    if len(told) < 2:
        return Markup("")
    columns = [
        Column("process", figures=True), Column("ended as"), Column("started (UTC)"), Column("lived", figures=True),
        Column("collections", figures=True), Column("live heap", figures=True),
    ]  # fmt: skip
    last = told[-1] if told else None
    rows = [
        ([*_run(each, followed=each is not last)], "here" if each.get("epoch") == certificate.epoch else None)
        for each in told[:500]
    ]
    return tag("section", tag("h3", "Its processes"), table("Processes", columns, rows), class_="runs")


def _run(run: dict[str, Any], *, followed: bool) -> tuple[Cell, ...]:
    def figure(name: str) -> float | None:
        value = run.get(name)
        return float(value) if isinstance(value, int | float) else None

    started: Node = utc(figure("start_s"))
    return (
        Cell(number(figure("epoch")), figure("epoch")),
        Cell(in_short(str(run.get("cause") or NONE), followed=followed)),
        Cell(str(started)[:19], figure("start_s")),
        Cell(span(figure("uptime_s")), figure("uptime_s")),
        Cell(number(figure("collections")), figure("collections")),
        Cell(mib(figure("live_mib")), figure("live_mib")),
    )


def evidence(certificate: Certificate) -> Markup:
    """The lines that prove the cause, and those of deaths that were others'."""
    cause = certificate.cause
    if not cause.evidence and not cause.not_ours:
        return Markup("")
    ours = tag("div", *(quote(each) for each in cause.evidence), class_="quotes")
    others: Node = ""
    if cause.not_ours:
        quotes = [quote(each) for each in cause.not_ours]
        others = tag("details", tag("summary", "Deaths of other processes in these logs"), *quotes)
    return tag("section", tag("h3", "Evidence"), ours, others, class_="evidence")
