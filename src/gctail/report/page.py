"""One HTML file that holds everything: it asks nobody for anything, and only our own script and style may run in it.

The content security policy names both by hash, so that nothing a log says can become code, even if it got past the
escaping of `markup`. Data for the charts stands in a script element that browsers do not run, with `<` escaped.
"""

from __future__ import annotations

from typing import Any

from gctail.parsing.json_text import json_bytes
from gctail.postmortem.certificate import Case, Certificate
from gctail.report.accused import profile, source, suspects
from gctail.report.counsel import counsel
from gctail.report.course import course
from gctail.report.holdings import holdings
from gctail.report.markup import Markup, Node, join, tag, text
from gctail.report.picture import drawing
from gctail.report.quotes import last_lines, spikes
from gctail.report.reckoning import gaps, reckoning
from gctail.report.shipped import VENDORED, fingerprint, script, style
from gctail.report.stacks import stacks
from gctail.report.story import comparison, evidence, runs, story
from gctail.report.ticket import ticket
from gctail.report.verdict import index, tone, verdict

MOST_ROWS = 1024
ALL_ROWS = 8192
"""Rows of charts in one file, over all services: more services, fewer rows each, and the file stays small."""
LEAST_ROWS = 128
ICON = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Cpath d='M1 13 5 6l2 4 "
    "4-8 4 11' fill='none' stroke='%23d55e00' stroke-width='2'/%3E%3C/svg%3E"
)


def page(case: Case) -> bytes:
    """The report."""
    script_text, style_text = script(), style()
    data = _data(case)
    policy = (
        f"default-src 'none'; script-src {fingerprint(script_text)}; style-src {fingerprint(style_text)}; "
        "font-src data:; img-src data:; base-uri 'none'; form-action 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    )
    names = ", ".join(each.service for each in case.certificates[:3]) or "nothing found"
    head = join(
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=Markup(policy)),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("meta", name="generator", content=case.made_by),
        tag("link", rel="icon", href=Markup(ICON)),
        tag("title", f"{names} · post-mortem · gctail"),
        _raw("style", style_text),
    )
    body = join(
        _bar(), tag("main", _index(case), *_articles(case), reckoning(case), id="main"), _foot(case), data,
        _raw("script", script_text),
    )  # fmt: skip
    html = f'<!doctype html>\n<html lang="en"><head>{head}</head><body>{body}</body></html>\n'
    return html.encode("utf-8", "replace")


def _raw(name: str, words: str) -> Markup:
    """Script and style are ours and stand as they are; nothing of a log comes here."""
    return Markup(f"<{name}>{words}</{name}>")


def _data(case: Case) -> Markup:
    rows = max(LEAST_ROWS, min(MOST_ROWS, ALL_ROWS // max(1, len(case.certificates))))
    data: list[dict[str, Any]] = [{"course": course(each, rows), "ticket": ticket(each)} for each in case.certificates]
    words = json_bytes(data).decode().replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
    return Markup(f'<script type="application/json" id="gctail-data">{words}</script>')


def _bar() -> Markup:
    buttons = (
        tag("button", "Theme: system", type="button", id="theme", hidden=True),
        tag("button", "Print", type="button", id="print", hidden=True),
    )
    skip = tag("a", "To the report", href="#main", class_="skip")
    name = tag("p", tag("b", "gctail"), " post-mortem", class_="brand")
    return tag("div", skip, name, tag("div", *buttons, class_="buttons"), class_="bar")


def _index(case: Case) -> Node:
    if len(case.certificates) > 1:
        return index(case.certificates)
    if not case.certificates:
        return tag("p", "No service was found in what was read.", class_="nothing")
    return tag("h1", f"Post-mortem of {case.certificates[0].service}", class_="unseen")


def _articles(case: Case) -> list[Markup]:
    return [_article(certificate, at) for at, certificate in enumerate(case.certificates)]


def _article(certificate: Certificate, at: int) -> Markup:
    copy = tag("button", "Copy for a ticket", type="button", class_="copy", data_ticket=at, hidden=True)
    told = tag("span", class_="copied", role="status", aria_live="polite")
    return tag(
        "article",
        tag("div", copy, told, class_="actions"),
        verdict(certificate, at),
        tag("div", story(certificate), _charts(certificate, at), class_="course"),
        tag("div", holdings(certificate), evidence(certificate), class_="pair"),
        suspects(certificate), source(certificate), profile(certificate), counsel(certificate),
        spikes(certificate), last_lines(certificate), stacks(certificate), comparison(certificate),
        runs(certificate), gaps(certificate),
        id=f"c{at}", class_=tone(certificate), aria_labelledby=f"c{at}-title",
    )  # fmt: skip


def _charts(certificate: Certificate, at: int) -> Markup:
    if not certificate.series.number:
        return tag("p", "No collection of this process is in the log, so there is no heap to draw.", class_="nothing")
    still = Markup(f"<noscript>{drawing(certificate)}</noscript>")
    return tag("section", tag("h3", "The course"), still, class_="charts", data_course=at, aria_label="Charts")


def _foot(case: Case) -> Markup:
    others = ", ".join(sorted({f"{each.package} {each.version} ({each.licence})" for each in VENDORED[:4]}))
    return tag("footer", tag("p", f"Made by {case.made_by}. Times are UTC; sizes are MiB (2^20 bytes)."),
               tag("p", text(f"Inside: {others}."), class_="quiet"))  # fmt: skip
