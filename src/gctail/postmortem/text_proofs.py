"""What lies outside the log, as text: the heap profile."""

from __future__ import annotations

from collections.abc import Iterator

from gctail.parsing.text import show
from gctail.postmortem.certificate import Certificate, Hold
from gctail.postmortem.pen import BLUE, DIM, WIDTH, Pen
from gctail.postmortem.wording import KINDS, size

MOST_HOLDS = 6


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
    about = [KINDS.get(hold.kind, "")]
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


def own_callers(hold: Hold) -> list[str]:
    """Who called, without the runtime, innermost first."""
    names = [each.partition(" ")[0] for each in hold.callers[1:]]
    return [short(name) for name in names if not name.startswith("runtime.")]


def short(function: str) -> str:
    """A function without the folders of its package."""
    plain, bracket, types = function.partition("[")
    return plain.rpartition("/")[2] + bracket + types


def place_of(hold: Hold) -> str:
    """File and line, the file with its last folder."""
    if hold.file is None:
        return ""
    file = "/".join(hold.file.replace("\\", "/").split("/")[-2:])
    return f"{file}:{hold.line}" if hold.line is not None else file
