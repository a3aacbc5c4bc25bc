"""Looks at a sample of keys and says what makes each of them new."""

from __future__ import annotations

from collections.abc import Sequence
from math import log2
from statistics import median

from msgspec.structs import replace

from gctail.attribution.keys.bursts import bursts
from gctail.attribution.keys.forms import Form, forms
from gctail.attribution.keys.kinds import CAUSES, FIXED, ORDINARY, VOLATILE, WORD, kind_of
from gctail.attribution.keys.mixtures import mixture
from gctail.attribution.keys.sample import KeySample, Seen
from gctail.attribution.keys.sentence import ONE_OF_MANY, concluded
from gctail.attribution.keys.values import Ages, KeyReport, Part, Told
from gctail.attribution.keys.variants import prefixes, variants

MOST_LOOKED_AT = 2048
GROWTH_POINTS = 64
MOST_TOLD = 40
VALUE_JOINTS = frozenset({"_", "-"})
"""Between a word and what belongs to it: both are one value."""


def report(sample: KeySample, start_s: float | None = None) -> KeyReport | None:
    """What there is to see; None where there are no keys. `start_s` is the Unix time at 0 s of the sample's clock."""
    seen = sample.seen[:: max(1, len(sample.seen) // MOST_LOOKED_AT)][:MOST_LOOKED_AT]
    if not seen:
        return None
    keys = [each.key for each in seen]
    times_s = [each.first_s + start_s if start_s is not None else None for each in seen]
    built = forms(keys)
    mixed = mixture(built, seen, lambda form: _parts(form, times_s))
    form = built[0] if mixed is None else mixed[0]
    parts, kinds = _parts(form, times_s)
    cause = _cause(parts) if mixed is None else mixed[1]
    found = KeyReport(
        lines=sample.lines,
        distinct=sample.distinct,
        scale=sample.scale,
        looked_at=len(form.rows),
        entropy_bits=round(_entropy(sample), 2),
        pattern=_pattern(form, kinds),
        pattern_share=round(len(form.rows) / len(keys), 4),
        parts=parts,
        cause=cause.kind if cause is not None else "",
        detail=cause.detail if cause is not None else "",
        left=_left(form, kinds, cause),
        variants=variants(keys),
        prefixes=prefixes(keys),
        bursts=bursts(sample.stretches),
        ages=_ages(sample.seen),
        growth=_growth(sample),
        keys=_told(sample.seen),
        cut=sample.is_cut,
        mixture=mixed[2] if mixed is not None else None,
    )
    conclusion, words = concluded(found, cause)
    return replace(found, conclusion=conclusion, sentence=words)


def _parts(form: Form, times_s: Sequence[float | None]) -> tuple[tuple[Part, ...], list[str]]:
    """The parts that vary, and the kind of every piece."""
    columns = list(zip(*form.rows, strict=True))
    times = [times_s[place] for place in form.places]
    parts, kinds = [], []
    for at, column in enumerate(columns):
        of_address = at > 1 and form.kinds[at - 2] == "ip" and columns[at - 1][0] == ":"
        kind, detail = FIXED, ""
        if form.kinds[at] != "mark":
            kind, detail = kind_of(form.kinds[at], column, times, of_address=of_address)
        kinds.append(kind)
        if kind != FIXED:
            without = len({row[:at] + row[at + 1 :] for row in form.rows})
            before = _before(form.rows[0], kinds, at)
            parts.append(Part(before, kind, detail, column[0][:80], len(set(column)), without))
    return tuple(parts), kinds


def _before(row: tuple[str, ...], kinds: Sequence[str], at: int) -> str:
    """The fixed words before a part, which name it: `device_`, and with the beginning of a value `quota=qk_`.

    A word that varies names nothing: of `host=web-7` it is `host=`.
    """
    end = begin = at
    while begin and row[begin - 1] in {"_", "-", ":", "=", "/", "#", " ", "."} and at - begin < 2:
        begin -= 1
    joint = "".join(row[begin:at])
    if begin and row[begin - 1].isalpha():
        if kinds[begin - 1] == FIXED:
            begin -= 1
        elif joint in VALUE_JOINTS and _is_label(row, kinds, begin - 1):
            return "".join(row[begin - 3 : begin - 1])[-40:]
        if joint in VALUE_JOINTS and _is_label(row, kinds, begin):
            begin -= 2
    return "".join(row[begin:end])[-40:]


def _is_label(row: tuple[str, ...], kinds: Sequence[str], end: int) -> bool:
    """Whether a name and a sign of equality stand before this place."""
    return end > 1 and row[end - 1] in {"=", ":"} and row[end - 2].isalpha() and kinds[end - 2] == FIXED


def _cause(parts: Sequence[Part]) -> Part | None:
    """The part that makes the keys new: volatile if one is, and without it the fewest would be left."""
    able = [part for part in parts if part.kind in VOLATILE] or [part for part in parts if part.kind in ORDINARY]
    return min(able, key=lambda part: (part.without, CAUSES.index(part.kind), -part.distinct), default=None)


def _left(form: Form, kinds: list[str], cause: Part | None) -> int | None:
    """How many different keys remain without the cause; None where there is none.

    And without all parts of its sort, where they are new by themselves, or where it alone does not tell keys apart.
    """
    if cause is None:
        return None
    if cause.kind in ORDINARY and cause.without <= ONE_OF_MANY * len(form.rows):
        return cause.without
    dropped = VOLATILE if cause.kind in VOLATILE else ORDINARY
    kept = [at for at, kind in enumerate(kinds) if kind not in dropped]
    return len({tuple(row[at] for at in kept) for row in form.rows})


def _pattern(form: Form, kinds: list[str]) -> str:
    """`uid_<number>#device_<time stamp>`."""
    shown = [text if kind == FIXED else f"<{kind}>" for text, kind in zip(form.rows[0], kinds, strict=True)]
    return "".join(shown).replace(f"<{WORD}><number>", "<id>")[:200]


def _entropy(sample: KeySample) -> float:
    """Of the keys over the lines, in bits: each sampled key stands for as many like it."""
    counts = [each.count for each in sample.seen]
    total = sum(counts)
    return sum(-count / total * log2(count / total) for count in counts) + log2(sample.scale)


def _ages(seen: Sequence[Seen]) -> Ages:
    lives = sorted(each.last_s - each.first_s for each in seen if each.count > 1)
    again = len(lives) / len(seen)
    if not lives:
        return Ages(0.0, None, None)
    return Ages(round(again, 4), round(median(lives), 3), round(lives[int(0.9 * (len(lives) - 1))], 3))


def _growth(sample: KeySample) -> tuple[tuple[float, int], ...]:
    """How many different keys there were by when: at most `GROWTH_POINTS` points at equal distances of time."""
    seen = sample.seen
    begin, end = seen[0].first_s, sample.last_s if sample.last_s is not None else seen[-1].first_s
    if end <= begin:
        return ((round(end, 3), sample.distinct),)
    points, at = [], 0
    for step in range(1, GROWTH_POINTS + 1):
        until = begin + (end - begin) * step / GROWTH_POINTS
        while at < len(seen) and seen[at].first_s <= until + 1e-9:
            at += 1
        points.append((round(until, 3), min(sample.distinct, at * sample.scale)))
    return tuple(points)


def _told(seen: Sequence[Seen]) -> tuple[Told, ...]:
    """The most frequent keys, then the latest."""
    frequent = sorted(seen, key=lambda each: -each.count)[: MOST_TOLD // 2]
    latest = [each for each in seen[-MOST_TOLD // 2 :] if each not in frequent]
    return tuple(
        Told(each.key, each.count, round(each.first_s, 3), round(each.last_s, 3)) for each in [*frequent, *latest]
    )
