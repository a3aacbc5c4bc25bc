"""What lies outside the log, as text: places in the source, and the heap profile."""

from __future__ import annotations

from collections.abc import Iterator

from gctail.amounts import size
from gctail.palette import BLUE, DIM
from gctail.parsing.text import show
from gctail.postmortem.certificate import Certificate, Hold
from gctail.postmortem.held import grows, own_callers, place_of, short
from gctail.postmortem.pen import WIDTH, Pen

MOST_HOLDS, MOST_PLACES = 6, 6


def source_text(certificate: Certificate, pen: Pen) -> Iterator[str]:
    """The calls that log what is suspected, and the containers that only grow there."""
    if not certificate.places:
        return
    yield from ("", pen.head("In the source"))
    for place in certificate.places[:MOST_PLACES]:
        where = _cut(show(f"{place.file}:{place.line}" if place.line is not None else place.file), 50)
        yield f"  {where}  {pen.paint(_cut(show(place.symbol), WIDTH - 4 - len(where)), BLUE)}"
        yield from pen.wrapped(place.says, "    ")


def profile_text(certificate: Certificate, pen: Pen) -> Iterator[str]:
    """Which lines of the program hold the heap: how much, which share of all, where, on whose behalf."""
    profile = certificate.profile
    if profile is None:
        return
    yield from (
        "",
        pen.head("What the heap profile holds" if len(profile.files) < 2 else "What the heap profiles hold"),
    )
    if profile.sentence:
        yield from pen.wrapped(profile.sentence)
    for hold in certificate.holds[:MOST_HOLDS]:
        yield from _hold(hold, pen)
    if len(certificate.holds) > MOST_HOLDS:
        yield pen.paint(f"  and {len(certificate.holds) - MOST_HOLDS} smaller ones with --json", DIM)


def _hold(hold: Hold, pen: Pen) -> Iterator[str]:
    held = f"+{size(hold.grown_mib)}" if hold.grown_mib is not None else size(hold.mib)
    place = _cut(show(place_of(hold)), 36)
    name = _cut(show(short(hold.function)), WIDTH - 21 - len(place))
    yield f"  {held:>10} {hold.share:>4.0%}  {pen.paint(name, BLUE)}  {place}"
    about = [grows(hold)]
    if hold.objects and hold.objects > 1:
        about.append(f"{hold.objects:,} objects of {size(hold.mib / hold.objects)}")
    if hold.through:
        about.append(f"through {short(hold.through)}")
    callers = own_callers(hold)
    if callers:
        about.append(f"called by {', '.join(callers[:2])}")
    if hold.suspect:
        about.append(f'which logs "{hold.suspect[:60]}"')
    if any(about):
        yield from (pen.paint(line, DIM) for line in pen.wrapped("; ".join(part for part in about if part), " " * 19))


def _cut(text: str, room: int) -> str:
    return text if len(text) <= room else text[: room - 1] + "…"
