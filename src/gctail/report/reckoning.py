"""What was read: the ledger of the input, what is missing, what could not be read, what was replaced."""

from __future__ import annotations

from typing import Any

from gctail.amounts import many
from gctail.postmortem.certificate import Case, Certificate
from gctail.report.markup import Markup, join, tag, text
from gctail.report.wording import number


def gaps(certificate: Certificate) -> Markup:
    """What the numbers of the collections say about this process's log."""
    ledger = certificate.ledger
    told = [f"{name} {number(value)}" for name, value in ledger.items() if isinstance(value, int) and value]
    unread = [tag("li", tag("code", text(line, 400))) for line in certificate.unreadable]
    if not told and not unread:
        return Markup("")
    specimens = (
        tag(
            "details",
            tag("summary", f"{many(len(unread), 'specimen')} of what could not be read"),
            tag("ul", *unread),
        )
        if unread
        else ""
    )
    words = f"Collections in this process's log: {', '.join(told)}." if told else ""
    return tag("section", tag("h3", "Completeness"), tag("p", words), specimens, class_="completeness")


def reckoning(case: Case) -> Markup:
    """The foot of the page."""
    rows = list(_rows(case.input))
    cells = [tag("div", tag("dt", name), tag("dd", value)) for name, value in rows]
    notes = [tag("li", note) for note in case.input.get("notes", ())]
    return tag(
        "section", tag("h2", "What was read"), tag("dl", *cells, class_="facts"),
        tag("ul", *notes, class_="notes") if notes else "", _files(case.input), _replaced(case), class_="reckoning",
    )  # fmt: skip


def _rows(facts: dict[str, Any]) -> list[tuple[str, Markup]]:
    rows = []
    for name, value in facts.items():
        if isinstance(value, int | float) and not isinstance(value, bool):
            rows.append((name.replace("_", " "), text(number(value))))
    ledger = facts.get("ledger")
    if isinstance(ledger, dict):
        rows += [
            (f"collections {name}", text(number(value))) for name, value in ledger.items() if isinstance(value, int)
        ]
    return rows


def _files(facts: dict[str, Any]) -> Markup:
    files = [item if isinstance(item, str) else str(item) for item in facts.get("files", ())]
    return tag("ul", *(tag("li", tag("code", text(name, 300))) for name in files[:100]), class_="files")


def _replaced(case: Case) -> Markup:
    if case.redacted is None:
        return Markup("")
    items = [
        tag("li", f"{each.kind}: {many(each.times, 'place')}, {many(each.distinct, 'different value')}")
        for each in case.redacted
    ]
    none = tag("p", "Asked to redact; nothing that looks like a secret was found.")
    return join(tag("h3", "Replaced before sharing"), tag("ul", *items) if items else none)
