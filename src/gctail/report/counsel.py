"""The advice, gravest first, each with what in this log calls for it."""

from __future__ import annotations

from gctail.advice.book import Advice
from gctail.postmortem.certificate import Certificate
from gctail.report.markup import Markup, link, tag, text


def counsel(certificate: Certificate) -> Markup:
    """What to do: text, exact setting, evidence, and where Go's documentation says so."""
    if not certificate.advice:
        return Markup("")
    items = [_advice(each) for each in certificate.advice]
    return tag("section", tag("h3", "What to do"), tag("ol", *items, class_="advice"), class_="counsel")


def _advice(advice: Advice) -> Markup:
    words = advice.place or advice.url
    return tag(
        "li",
        tag("h4", advice.title),
        tag("p", advice.text),
        _code(advice.setting),
        tag("ul", *(tag("li", each) for each in advice.evidence), class_="because") if advice.evidence else "",
        tag("p", link(advice.url, words), tag("span", advice.id, class_="rule"), class_="source"),
        class_=advice.severity,
    )


def _code(setting: str) -> Markup:
    """The setting, line by line as it stands."""
    if not setting:
        return Markup("")
    lines = Markup("\n").join(text(line) for line in setting.splitlines())
    return tag("pre", tag("code", Markup(lines)), tabindex="0")
