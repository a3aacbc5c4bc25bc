"""Lines that differ in method and path alone: each is a template of its own, and all of them are what requests write.

`"GET /feed" 200` and `"PUT /me" 200` go with the load alike. Beside them stands their family, as one template.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping

from msgspec import structs

from gctail.templates.courses import Courses, Template

HOLE = "<*>"
_VARIES = re.compile(
    r'(?<![^\s"\[(=])(?:(?:GET|PUT|POST|DELETE|PATCH|HEAD|OPTIONS|CONNECT|TRACE)(?=[\s",;:)\]]|\Z)|/[^\s",;)\]]*)'
)


def family(text: str) -> str:
    """The text of a template without its methods and paths: `request completed method <*>, path <*>`."""
    return _VARIES.sub(HOLE, text)


def with_families(courses: Courses) -> tuple[Courses, Mapping[int, int]]:
    """The courses with one more template for each family of several, and the place of that for each of its members."""
    found: defaultdict[tuple[str | None, str], list[int]] = defaultdict(list)
    for at, template in enumerate(courses.templates):
        text = family(template.text)
        if text != template.text:
            found[template.level, text].append(at)
    several = {key: members for key, members in found.items() if len(members) > 1}
    templates, kin = list(courses.templates), dict[int, int]()
    for (_, text), members in several.items():
        kin |= dict.fromkeys(members, len(templates))
        templates.append(_together(text, [courses.templates[at] for at in members]))
    return structs.replace(courses, templates=tuple(templates)), kin


def _together(text: str, members: list[Template]) -> Template:
    """All members as one. Keys and numbers stay with the members: nobody knows which keys they share."""
    most = max(members, key=lambda each: each.total)
    total = sum(each.total for each in members)
    return structs.replace(
        most,
        text=text,
        message=" ".join(family(most.message).replace(HOLE, "").split()),
        total=total,
        first_uptime_s=min(each.first_uptime_s for each in members),
        last_uptime_s=max(each.last_uptime_s for each in members),
        count=[sum(counts) for counts in zip(*(each.count for each in members), strict=True)],
        slots=(),
        read_share=sum(each.read_share * each.total for each in members) / max(total, 1),
    )
