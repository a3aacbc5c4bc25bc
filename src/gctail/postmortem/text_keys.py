"""The keys of a suspect as text: the conclusion in one sentence, then how they are built, grow and come again."""

from __future__ import annotations

from collections.abc import Iterator
from math import log2

from gctail.amounts import duration
from gctail.attribution.keys.values import Burst, KeyReport, Part
from gctail.palette import BLUE, BOLD, DIM
from gctail.parsing.text import show
from gctail.parsing.widths import cut, padded
from gctail.postmortem.certificate import Certificate, Key
from gctail.postmortem.pen import Pen
from gctail.postmortem.wording import key_called

MOST_KEYS, MOST_PARTS, CURVE = 2, 6, 24
EVEN = 0.9
FEW = 0.005
STEPS = " ▁▂▃▄▅▆▇█"


def keys_text(certificate: Certificate, pen: Pen) -> Iterator[str]:
    """One block a slot."""
    known = [key for key in certificate.keys if key.found is not None]
    if not known:
        return
    yield from ("", pen.head("The keys"))
    for key in known[:MOST_KEYS]:
        yield from _block(key, key_called(key, certificate), pen)


def _block(key: Key, name: str, pen: Pen) -> Iterator[str]:
    found = key.found
    if found is None:
        return
    about, which = "about " if found.scale > 1 else "", "the first" if found.cut else "all"
    rate = f", {key.new_per_s:.3g} new ones a second" if key.new_per_s else ""
    lines = f"{which} {found.lines:,} lines"
    yield from pen.wrapped(f"{name}: {about}{found.distinct:,} different values in {lines}{rate}")
    yield from (pen.paint(line, BOLD) for line in pen.wrapped(found.sentence))
    yield pen.cut(f"built as  {found.pattern}  ({found.pattern_share:.0%} of them)", "    ")
    yield from _parts(found, pen)
    yield from (pen.paint(line, DIM) for each in facts(found) for line in pen.wrapped(each, "    ", "      "))
    yield f"    different values over time  {pen.paint(curve(found), BLUE)}"
    yield pen.cut("such as " + ", ".join(each.key for each in found.keys[-2:]), "    ")


def _parts(found: KeyReport, pen: Pen) -> Iterator[str]:
    if not found.parts:
        return
    yield pen.paint(f"    {'part':<36}{'values':>10}{'keys without it':>18}", DIM)
    for part in found.parts[:MOST_PARTS]:
        name = show(named(part))
        yield f"    {padded(cut(name, 35), 36)}{part.distinct:>10,}{part.without:>18,}"


def named(part: Part) -> str:
    """`device_<time stamp in ms>`."""
    return f"{part.before}<{' '.join(each for each in (part.kind, part.detail) if each)}>"


def facts(found: KeyReport) -> list[str]:
    """What else there is to say about them, a line each."""
    told = [_ages(found)]
    if found.distinct > 1 and found.lines > found.distinct:
        most = log2(found.distinct)
        even = "none stands out" if found.entropy_bits > EVEN * most else "some come far more often than others"
        told.append(f"entropy {found.entropy_bits:.1f} of {most:.1f} bits: {even}")
    told += [f"without {each.what}: {each.left:,}" for each in found.variants]
    shared = [f"{each.text} ({each.share:.0%})" for each in found.prefixes if each.share < 1]
    if shared:
        told.append(f"begin with {', '.join(shared[:3])}")
    return told + [_burst(each) for each in found.bursts[:2]]


def _ages(found: KeyReport) -> str:
    if not found.ages.again:
        return "none of them came again"
    life = found.ages.life_median_s
    within = f", half of those for the last time within {duration(life)}" if life is not None else ""
    share = f"{found.ages.again:.0%}" if found.ages.again >= FEW else "under 1%"
    return f"{share} came again{within}"


def _burst(burst: Burst) -> str:
    return f"a burst: {burst.keys} of them within {burst.span_ms:.3g} ms: {', '.join(burst.examples[:3])}"


def curve(found: KeyReport) -> str:
    """How many different keys there were, from the first to the last, as a row of blocks."""
    counts = [count for _, count in found.growth]
    picked = [counts[min(len(counts) - 1, at * len(counts) // CURVE)] for at in range(min(CURVE, len(counts)))]
    most = max(1, found.distinct)
    return "".join(STEPS[min(8, round(8 * count / most))] for count in picked)
