"""Lines that are one sentence with another value in it: each is a template of its own, and together they are one.

`"GET /feed" 200` and `"PUT /me" 200` differ in method and path alone, `sent to region eu` and `sent to region us` in
one word: what is kept by one of them is most likely kept by all. Beside them stands their family, as one template.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence

from msgspec import structs

from gctail.attribution.columns import MOST_OF_IT
from gctail.attribution.deeds import is_deed
from gctail.templates.courses import Courses, Slot, Template

HOLE = "<*>"
LEAST_SAID = 2
"""Words that members have in common; `user created` and `user deleted` are two things to say."""
MOST_KEYS = 8
LEAST_APART = 0.9
"""Of the keys in the samples of all members: samples are by hash, so that a key of several is in as many of them."""
_VARIES = re.compile(
    r'(?<![^\s"\[(=])(?:(?:GET|PUT|POST|DELETE|PATCH|HEAD|OPTIONS|CONNECT|TRACE)(?=[\s",;:)\]]|\Z)|/[^\s",;)\]]*)'
)
_LABEL = (":", "=")


def family(text: str) -> str:
    """The text of a template without its methods and paths: `request completed method <*>, path <*>`."""
    return _VARIES.sub(HOLE, text)


def covers(text: str, template: str) -> bool:
    """Whether a template is the other, or of the family that the other text stands for."""
    ours, theirs = text.split(), family(template).split()
    same = len(ours) == len(theirs) and all(one in {HOLE, other} for one, other in zip(ours, theirs, strict=True))
    return text == template or same


def with_families(courses: Courses) -> tuple[Courses, Mapping[int, int]]:
    """The courses with one more template for each family of several, and the place of that for each of its members."""
    templates, kin = list(courses.templates), dict[int, int]()
    for text, members in (*_by_route(courses.templates), *_by_word(courses.templates)):
        own = [at for at in members if at not in kin]
        if len(own) > 1:
            kin |= dict.fromkeys(own, len(templates))
            templates.append(_together(text, [courses.templates[at] for at in own]))
    for at, template in enumerate(courses.templates):
        for route in template.routes:
            if route.total < MOST_OF_IT * template.total:
                kin[len(templates)] = kin.get(at, at)
                templates.append(route)
    return structs.replace(courses, templates=tuple(templates)), kin


def _by_route(templates: Sequence[Template]) -> list[tuple[str, list[int]]]:
    """Those that differ in method and path."""
    found: defaultdict[tuple[str | None, str], list[int]] = defaultdict(list)
    for at, template in enumerate(templates):
        text = family(template.text)
        if text != template.text:
            found[template.level, text].append(at)
    return [(text, members) for (_, text), members in found.items()]


def _by_word(templates: Sequence[Template]) -> list[tuple[str, list[int]]]:
    """Those that differ in one word, which is no deed: the largest families first."""
    found: defaultdict[tuple[str | None, tuple[str, ...]], list[int]] = defaultdict(list)
    for at, template in enumerate(templates):
        words = template.text.split()
        for place in range(1, len(words)):
            others = (*words[:place], HOLE, *words[place + 1 :])
            if _may_vary(words, place) and sum(HOLE not in word for word in others) >= LEAST_SAID:
                found[template.level, others].append(at)
    several = [(" ".join(words), members) for (_, words), members in found.items() if len(members) > 1]
    return sorted(several, key=lambda each: (-len(each[1]), each[0]))


def _may_vary(words: Sequence[str], place: int) -> bool:
    """Whether a word may be a value: it is none yet, and what stands after a label is no deed."""
    word = words[place]
    return word.replace(HOLE, "") not in {"", word and "="} and (
        words[place - 1].endswith(_LABEL) or not is_deed(word.replace(HOLE, ""))
    )


def _together(text: str, members: list[Template]) -> Template:
    """All members as one."""
    most = max(members, key=lambda each: each.total)
    total = sum(each.total for each in members)
    return structs.replace(
        most,
        text=text,
        message=" ".join(text.replace(HOLE, "").split()) if text != family(most.text) else _message(most),
        total=total,
        first_uptime_s=min(each.first_uptime_s for each in members),
        last_uptime_s=max(each.last_uptime_s for each in members),
        count=_sum([each.count for each in members]),
        slots=_slots(members, text) if text != family(most.text) else _slots_beside(members, text),
        read_share=sum(each.read_share * each.total for each in members) / max(total, 1),
    )


def _message(most: Template) -> str:
    return " ".join(family(most.message).replace(HOLE, "").split())


def _slots(members: Sequence[Template], text: str) -> tuple[Slot, ...]:
    """Each variable over all members, where all have the same ones; a key that several of them have counts for each.

    What stands behind the word that varies is one hole further on in the text of the family.
    """
    if len({tuple(slot.name for slot in each.slots) for each in members}) > 1:
        return ()
    words = members[0].text.split()
    place = next(at for at, (ours, theirs) in enumerate(zip(text.split(), words, strict=True)) if ours != theirs)
    first = " ".join(words[:place]).count(HOLE)
    more = 1 - words[place].count(HOLE)
    slots = map(_slot, zip(*(each.slots for each in members), strict=True))
    return tuple(
        structs.replace(each, hole=max(each.hole + more, first)) if each.hole >= first else each for each in slots
    )


def _slots_beside(members: Sequence[Template], text: str) -> tuple[Slot, ...]:
    """Each variable before and behind the methods and paths in which members differ, whose keys come to one of them.

    Where the same keys come by several routes, nobody knows how many of them are new to all.
    """
    every = [_by_place(each) for each in members]
    found = []
    for place in every[0]:
        slots = tuple(each[place] for each in every if place in each)
        named_alike = len({slot.name for slot in slots}) == 1
        if len(slots) == len(members) and named_alike and _are_apart(slots):
            hole = place if place >= 0 else place + text.count(HOLE)
            found.append(structs.replace(_slot(slots), hole=hole, sums=[]))
    return tuple(found)


def _are_apart(slots: Sequence[Slot]) -> bool:
    """Whether keys that were new to a slot in the second half of the time were new to all of them."""
    first_s: dict[str, float] = {}
    keys = [key for slot in slots for key in slot.keys]
    for key in keys:
        first_s[key.text] = min(key.first_uptime_s, first_s.get(key.text, key.first_uptime_s))
    half_s = max((key.last_uptime_s for key in keys), default=0.0) / 2
    late = [key.first_uptime_s == first_s[key.text] for key in keys if key.first_uptime_s > half_s]
    return sum(late) > LEAST_APART * len(late)


def _by_place(template: Template) -> dict[int, Slot]:
    """The slots before what varies, by their hole, and those behind it, by that from the end of the text (from -1)."""
    varies = [*_VARIES.finditer(template.text)]
    before, behind = template.text[: varies[0].start()].count(HOLE), template.text[varies[-1].end() :].count(HOLE)
    holes = template.text.count(HOLE)
    places = ((each.hole if each.hole < before else each.hole - holes, each) for each in template.slots)
    return {place: slot for place, slot in places if place >= -behind}


def _slot(slots: tuple[Slot, ...]) -> Slot:
    return structs.replace(
        slots[0],
        values=sum(each.values for each in slots),
        distinct=sum(each.distinct for each in slots),
        once=min(each.once for each in slots),
        new_keys=_sum([each.new_keys for each in slots]) if all(each.new_keys for each in slots) else [],
        sums=_sum([each.sums for each in slots]) if all(each.sums for each in slots) else [],
        last=[],
        keys=tuple(key for each in slots for key in each.keys)[:MOST_KEYS],
        whole=all(each.whole for each in slots),
        parts=(),
    )


def _sum(courses: Sequence[Sequence[float]]) -> list[float]:
    return [sum(values) for values in zip(*courses, strict=True)]
