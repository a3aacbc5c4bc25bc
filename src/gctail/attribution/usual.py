"""How often lines like a given one come: on the whole, and lately. Nothing is learnt from the lines asked about."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from msgspec import Struct

from gctail.attribution.families import covers
from gctail.templates.catalog import Catalog
from gctail.templates.courses import Courses, Template
from gctail.templates.lines import Lines
from gctail.templates.mine import Mine
from gctail.templates.multiline import message_at
from gctail.templates.tally import Tally

FEW = 3
"""Lines in all, from which on a rate means something."""
UNLIKE = 3.0
"""So many times more or less often than usual is told."""
LATELY = 0.1
"""Of the time of the process, its end: what came then came lately."""


class Rate(Struct, frozen=True):
    """How often a message came, in lines a minute; `total` are all of them, the first at `first_uptime_s`."""

    message: str
    template: str
    usual_per_min: float
    recent_per_min: float
    total: int
    first_uptime_s: float


class Usual:
    """What one process said between its collections, to be asked about lines and about stretches of time."""

    def __init__(self, mine: Mine, begin_s: float | None = None) -> None:
        """`begin_s` is the uptime at which its log begins, where that is known."""
        self.courses: Courses = mine.courses()
        self._begins = begins(self.courses.uptime_s, begin_s)
        self._catalog = Catalog.restore(mine.catalog.state())
        self._lines = Lines(self._catalog)
        by_id = {template.id: template for template in self.courses.templates}
        self._known = {id(tally): by_id[tally.id] for tally in self._catalog if tally.id in by_id}

    def of(self, line: str) -> Rate | None:
        """Of a line as the application wrote it; None where none like it came before the last collection."""
        template = self._template(line)
        if template is None or not self.courses.uptime_s:
            return None
        return self.rate(template)

    def at(self, lines: Sequence[str], place: int) -> Rate | None:
        """Of one of some lines that came one after the other; of part of a message, how often that comes."""
        return self.of(message_at(lines, place))

    def rate(self, template: Template) -> Rate:
        """Of a template."""
        end_s = self.courses.uptime_s[-1]
        last = self.bins(end_s - LATELY * (end_s - self._begins[0]), end_s)
        return Rate(
            template.message,
            template.text,
            self.per_min(template, 0, len(self._begins)),
            self.per_min(template, *last),
            template.total,
            template.first_uptime_s,
        )

    def per_min(self, template: Template, first: int, last: int) -> float:
        """Lines a minute in these bins."""
        seconds = self.seconds(first, last)
        return 60 * sum(template.count[first:last]) / seconds if seconds > 0 else 0.0

    def seconds(self, first: int, last: int) -> float:
        """How long these bins lasted."""
        return self.courses.uptime_s[last - 1] - self._begins[first]

    def bins(self, begin_s: float, end_s: float) -> tuple[int, int]:
        """The bins from one uptime to another, at least one: the first, and the one after the last."""
        closes = self.courses.uptime_s
        first = min(bisect_left(closes, begin_s + 1e-9), len(closes) - 1)
        last = min(bisect_left(closes, end_s - 1e-9), len(closes) - 1)
        return first, max(first, last) + 1

    def _template(self, line: str) -> Template | None:
        data = line.encode("utf-8", "surrogateescape")
        if not data.strip():
            return None
        before = {id(tally): tally.total for tally in self._catalog}
        self._lines.read(data, None, 0.0)
        grown: Tally | None = next((each for each in self._catalog if each.total != before.get(id(each), 0)), None)
        return self._known.get(id(grown)) if grown is not None else None


def begins(closes: list[float], begin_s: float | None = None) -> list[float]:
    """When each bin begins, by when each closes; the first, unless told, is no longer than three of its like."""
    if len(closes) < 2:
        return [0.0] * len(closes)
    if begin_s is not None and begin_s < closes[0]:
        return [begin_s, *closes[:-1]]
    widths = sorted(one - other for one, other in zip(closes[1:], closes, strict=False))
    usual = widths[len(widths) // 2]
    return [closes[0] - usual if closes[0] > 3 * usual else 0.0, *closes[:-1]]


def often(per_min: float) -> str:
    """`40 times a second`, `12 times a minute`, `once an hour`."""
    for unit, factor in (("a second", 1 / 60), ("a minute", 1.0), ("an hour", 60.0)):
        count = per_min * factor
        if count >= 0.95:
            return f"once {unit}" if count < 1.5 else f"{count:,.0f} times {unit}"
    return f"once in {1 / (60 * per_min):,.0f} hours" if per_min > 0 else "never"


def says(rate: Rate | None, suspects: frozenset[str] = frozenset(), others: frozenset[str] = frozenset()) -> str:
    """What is to be thought of a last line, by its rate.

    `suspects` are the templates that are suspected, `others` those that are named behind them: none is called innocent.
    """
    if rate is None:
        return "no line like it came before"
    for named, what in ((suspects, "a suspect"), (others, "named among the suspects, if not first")):
        if any(covers(each, rate.template) for each in named):
            return f"{what}; it comes {often(rate.usual_per_min)}"
    if rate.total <= FEW:
        return f"such a line came {'once' if rate.total == 1 else f'{rate.total} times'} in all"
    if rate.recent_per_min > UNLIKE * rate.usual_per_min:
        return f"it comes {often(rate.usual_per_min)}, but came {often(rate.recent_per_min)} at the end"
    if rate.recent_per_min * UNLIKE < rate.usual_per_min:
        return f"it came {often(rate.usual_per_min)}, but only {often(rate.recent_per_min)} at the end"
    return f"it comes {often(rate.usual_per_min)} all the time: innocent"
