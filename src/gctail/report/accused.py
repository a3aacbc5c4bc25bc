"""Who is suspected: messages, keys and numbers that grew with the heap; places in the source; what a profile holds."""

from __future__ import annotations

from typing import Any

from gctail.amounts import size
from gctail.attribution.wording import called, nobody, one_of_them, only_those, said, surely
from gctail.postmortem.certificate import Certificate, Hold, Key, Place
from gctail.postmortem.held import grows, own_callers, place_of, short
from gctail.postmortem.wording import key_called
from gctail.report.keyed import keys as looked_at
from gctail.report.markup import Markup, join, tag, text
from gctail.report.tables import Cell, Column, table
from gctail.report.wording import NONE, mib, number, share

EXAMPLES = 6


def suspects(certificate: Certificate) -> Markup:
    """Most suspected first."""
    told = certificate.suspects
    if not told and certificate.indistinct:
        words = nobody(certificate.indistinct, certificate.mined_lines)
        return tag("section", tag("h3", "Suspects"), tag("p", text(words[:1].upper() + words[1:], 800), "."))
    if not told:
        return Markup("")
    columns = [
        Column("#", figures=True), Column("message", wide=True), Column("value"), Column("explains", figures=True),
        Column("share", figures=True), Column("p", figures=True), Column("distinct", figures=True),
    ]  # fmt: skip
    rows = [(_suspect(at, each), "first" if at == 0 else None) for at, each in enumerate(told)]
    return tag("section", tag("h3", "Suspects"), table("Suspects", columns, rows), keys(certificate), class_="suspects")


def _suspect(at: int, told: dict[str, Any]) -> list[Cell]:
    p_value, distinct = _figure(told, "p_value"), _figure(told, "distinct")
    named, template = said(told) or NONE, told.get("template")
    title = str(template)[:400] if template and template != named else None
    return [
        Cell(at + 1, at + 1),
        Cell(join(tag("code", text(named, 300), title=title), _example(told))),
        Cell(_slot(told)),
        Cell(mib(_figure(told, "mib")), _figure(told, "mib")),
        Cell(share(_figure(told, "share")), _figure(told, "share")),
        Cell(NONE if p_value is None else surely(p_value).removeprefix("p "), p_value),
        Cell(number(distinct), distinct),
    ]


def _example(told: dict[str, Any]) -> Markup:
    example = one_of_them(told)
    if not example:
        return Markup("")
    return tag("span", tag("span", "for example ", class_="unseen"), tag("code", text(example, 200)), class_="such")


def _slot(told: dict[str, Any]) -> Markup | str:
    template = str(told.get("template") or "")
    named = [called(str(told[what]), what, template) for what in ("slot", "field") if told.get(what) not in (None, "")]
    return ", ".join(filter(None, [only_those(told), *named])) or NONE


def _figure(told: dict[str, Any], name: str) -> float | None:
    value = told.get(name)
    return float(value) if isinstance(value, int | float) else None


def keys(certificate: Certificate) -> Markup:
    """The values of slots: what makes each of them new; where nobody looked closely, the most frequent ones."""
    told = [key for key in certificate.keys if key.found is None]
    if not told:
        return looked_at(certificate)
    columns = [
        Column("message", wide=True), Column("key"), Column("distinct", figures=True), Column("new", figures=True),
        Column("examples (times seen)", wide=True),
    ]  # fmt: skip
    rows = [(_key(each, certificate), None) for each in told]
    return join(looked_at(certificate), tag("h4", "Keys"), table("Keys", columns, rows))


def _key(key: Key, certificate: Certificate) -> list[Cell]:
    examples = [tag("span", tag("code", text(value, 80)), f" {count:,}") for value, count in key.examples[:EXAMPLES]]
    return [
        Cell(tag("code", text(key.message, 200))),
        Cell(key_called(key, certificate)),
        Cell(number(key.distinct), key.distinct),
        Cell(NONE if key.new_per_s is None else number(key.new_per_s, "/s"), key.new_per_s),
        Cell(tag("span", *examples, class_="examples")),
    ]


def source(certificate: Certificate) -> Markup:
    """Places in the Go source that fit."""
    if not certificate.places:
        return Markup("")
    columns = [Column("place"), Column("symbol"), Column("why", wide=True), Column("sure", figures=True)]
    rows = [(_place(each), None) for each in certificate.places]
    return tag("section", tag("h3", "In the source"), table("Source", columns, rows), class_="source")


def _place(place: Place) -> list[Cell]:
    where = place.file if place.line is None else f"{place.file}:{place.line}"
    sure = share(place.confidence)
    return [
        Cell(tag("code", text(where, 70), class_="spot", title=where)),
        Cell(tag("code", text(place.symbol, 70), class_="spot")),
        Cell(place.says),
        Cell(sure, place.confidence),
    ]  # fmt: skip


def profile(certificate: Certificate) -> Markup:
    """What the heap profile says is held, or what grew between two."""
    if certificate.profile is None:
        return Markup("")
    columns = [
        Column("function", wide=True), Column("at"), Column("called by"), Column("what grows"),
        Column("grew", figures=True), Column("held", figures=True), Column("share", figures=True),
        Column("objects", figures=True),
    ]  # fmt: skip
    rows = [(_hold(hold), "first" if at == 0 else None) for at, hold in enumerate(certificate.holds)]
    return tag(
        "section",
        tag("h3", "Held, says the heap profile"),
        tag("p", certificate.profile.sentence, class_="quiet"),
        table("Profile", columns, rows) if rows else "",
        class_="profile",
    )


def _hold(hold: Hold) -> list[Cell]:
    whole = hold.file if hold.line is None else f"{hold.file}:{hold.line}"
    called = [
        tag("code", text(name, 120), title=each)
        for name, each in zip(own_callers(hold), hold.callers[1:], strict=False)
    ]
    what = grows(hold) or (f"through {short(hold.through)}" if hold.through else NONE)
    return [
        Cell(tag("code", text(short(hold.function), 200), title=hold.function)),
        Cell(tag("code", text(place_of(hold), 100), title=whole, class_="spot") if hold.file else NONE),
        Cell(join(*(join(", " if at else "", each) for at, each in enumerate(called[:2]))) or NONE),
        Cell(what),
        Cell(NONE if hold.grown_mib is None else f"+{size(hold.grown_mib)}", hold.grown_mib),
        Cell(size(hold.mib), hold.mib),
        Cell(share(hold.share), hold.share),
        Cell(number(hold.objects), hold.objects),
    ]
