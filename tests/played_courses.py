"""Courses of a service as a mine would have kept them: traffic that waves, lines by chance, a heap that keeps some."""

from math import nan, pi, sin
from random import Random

from gctail.templates.courses import Courses, Slot, Template


class Played:
    """A service over so many bins of one second; what it logs is added line by line, what it keeps in MiB a bin."""

    def __init__(self, seed, bins=100, onset=10, load_mib=3.0):
        self.dice = Random(seed)  # noqa: S311
        self.bins, self.onset, self.load_mib = bins, onset, load_mib
        phase = self.dice.random()
        self.traffic = [
            100 * (1 + 0.5 * sin(2 * pi * (at / 37 + phase))) * (0.8 + 0.4 * self.dice.random()) for at in range(bins)
        ]
        self.templates = []
        self.kept = [0.0] * bins

    def lines(self, message, *, share=None, per_s=None, keys=None, numbers=None, counts=None):
        """Lines that are a `share` of the traffic, or `per_s` whatever the traffic; `keys(count)` are new ones a bin."""
        if counts is None:
            mean = [per_s if per_s is not None else share * traffic for traffic in self.traffic]
            counts = [self.some(each) for each in mean]
        slots = []
        if keys is not None:
            new = [float(keys(count)) for count in counts]
            slots.append(Slot("key", "id", sum(counts), sum(new), 0.5, new, [], [], ()))
        if numbers is not None:
            last = [float(numbers(at)) if count else nan for at, count in enumerate(counts)]
            sums = [value if count else 0.0 for value, count in zip(last, counts, strict=True)]
            slots.append(Slot("size", "int", sum(counts), 50.0, 0.9, [], sums, last, ()))
        self.templates.append(Template(
            message, f"{message} <*>", message, "info", sum(counts), 0.0, float(self.bins), f"INFO {message}",
            [float(count) for count in counts], tuple(slots),
        ))  # fmt: skip
        return counts

    def some(self, mean):
        """About so many, by chance: the sum of many small ones is as good as Poisson's."""
        return (
            max(0, round(self.dice.gauss(mean, mean**0.5)))
            if mean > 5
            else sum(self.dice.random() < mean / 20 for _ in range(20))
        )

    def keep(self, per_event_mib, events):
        """Each event since the onset keeps so much."""
        for at in range(self.onset, self.bins):
            self.kept[at] += per_event_mib * events[at]

    def courses(self):
        """The courses, with a heap that holds what it keeps, some of the load, and noise."""
        held, live = 20.0, []
        for at in range(self.bins):
            held += self.kept[at]
            live.append(float(int(held + self.load_mib * self.traffic[at] / 100 + self.dice.gauss(0, 0.5))))
        lines = [sum(template.count[at] for template in self.templates) for at in range(self.bins)]
        return Courses(
            [at + 1.0 for at in range(self.bins)], live, live, live, [1.0] * self.bins, lines, [0.0] * self.bins,
            tuple(self.templates), 1.0,
        )  # fmt: skip

    @property
    def running(self):
        """The running total of what is kept, MiB."""
        total, found = 0.0, []
        for each in self.kept:
            total += each
            found.append(total)
        return found
