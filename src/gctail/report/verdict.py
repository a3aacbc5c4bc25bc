"""The head of a certificate: what killed it, since when, who is suspected, what to do; and the facts of the process."""

from __future__ import annotations

from itertools import zip_longest

from gctail.amounts import many
from gctail.postmortem.certificate import Certificate
from gctail.postmortem.wording import LIMIT_FROM
from gctail.report.markup import Markup, Node, tag
from gctail.report.wording import NONE, iso, mib, number, share, span, utc

CALM = {"alive": "calm", "healthy-end": "calm", "log-cut-off": "open", "unknown": "open", "terminated": "open"}
GLYPHS = {"calm": "✓", "open": "?", "grave": "✕"}


def tone(certificate: Certificate) -> str:
    """How grave it is: grave, open or calm; a leak is never calm."""
    leak = bool((certificate.verdict or {}).get("leak"))
    found = CALM.get(certificate.cause.name, "grave")
    return "open" if found == "calm" and leak else found


def verdict(certificate: Certificate, at: int) -> Markup:
    """The head, with the service's name as heading."""
    cause = certificate.cause
    first = certificate.headline[0] if certificate.headline else cause.title
    return tag(
        "header",
        tag(
            "p", tag("span", GLYPHS[tone(certificate)], class_="glyph", aria_hidden="true"),
            tag("span", certificate.service, class_="service"), _epoch(certificate), class_="eyebrow",
        ),
        tag("h2", _capital(first), id=f"c{at}-title"),
        tag("p", cause.sentence, class_="lead") if cause.sentence else "",
        _answers(certificate),
        _facts(certificate),
        _settles(certificate),
        class_="verdict",
    )  # fmt: skip


def _epoch(certificate: Certificate) -> Node:
    if certificate.epochs < 2 or certificate.epoch is None:
        return None
    return tag("span", f"process {certificate.epoch} of {certificate.epochs}", class_="quiet")


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _answers(certificate: Certificate) -> Markup:
    """The other lines of the headline, each under its question."""
    pairs = [*zip_longest(questions(certificate), certificate.headline, fillvalue="")][1:]
    told = [(question, answer) for question, answer in pairs if answer]
    fields = [tag("div", tag("dt", question), tag("dd", _after(question, answer))) for question, answer in told]
    return tag("dl", *fields, class_="answers") if fields else Markup("")


def questions(certificate: Certificate) -> tuple[str, str, str, str]:
    """What each line of the headline answers."""
    since = any(line.startswith("since ") for line in certificate.headline[1:2])
    return "Cause", "Since" if since else "Memory", "Suspect", "Do"


def _after(question: str, answer: str) -> str:
    """The answer, without the word that its question begins with."""
    return _capital(answer.removeprefix(f"{question.lower()} "))


def _facts(certificate: Certificate) -> Markup:
    known: list[tuple[str, Node]] = [
        ("started", _moment(certificate.start_s)),
        ("ended", _moment(certificate.end_s)),
        ("lived", span(certificate.end_uptime_s)),
        ("collections", number(certificate.collections)),
        ("limit", _limit(certificate)),
        ("leak", share((certificate.verdict or {}).get("probability"))),
        ("Go", certificate.go or NONE),
        ("GOMAXPROCS", number(certificate.procs)),
        ("GOGC", number(certificate.gogc_percent)),
    ]
    shown = [tag("div", tag("dt", name), tag("dd", value)) for name, value in known if value != NONE]
    return tag("dl", *shown, class_="facts")


def _limit(certificate: Certificate) -> str:
    memory = certificate.memory
    source = f" ({LIMIT_FROM[memory.limit_source]})" if memory.limit_source and memory.limit_mib else ""
    return mib(memory.limit_mib) + source


def _moment(time_s: float | None) -> Node:
    told = utc(time_s)
    return NONE if told == NONE else tag("time", told[:19] + " UTC", datetime=iso(time_s))


def _settles(certificate: Certificate) -> Markup:
    """Where the cause is not certain: what would settle it."""
    if not certificate.cause.settles:
        return Markup("")
    items = [tag("li", words) for words in certificate.cause.settles]
    return tag("div", tag("h3", "What would settle it"), tag("ul", *items), class_="settles")


def index(certificates: tuple[Certificate, ...]) -> Markup:
    """Several services: one line each, leading to its certificate."""
    items = [
        tag(
            "li",
            tag(
                "a",
                tag("span", GLYPHS[tone(each)], class_="glyph", aria_hidden="true"),
                tag("span", each.service, class_="service"),
                tag("span", each.headline[0] if each.headline else each.cause.title, class_="what"),
                tag("span", many(each.collections, "collection"), class_="quiet"),
                href=f"#c{at}",
            ),
            class_=tone(each),
        )
        for at, each in enumerate(certificates)
    ]
    heading = tag("h1", many(len(certificates), "service"))
    return tag("nav", heading, tag("ol", *items), class_="index", aria_label="Services")
