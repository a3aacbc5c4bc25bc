"""This process held against the last one before it that was well: what is different, after as long a time."""

from __future__ import annotations

from gctail.amounts import duration, size
from gctail.epochs import Epoch
from gctail.figures import FIGURES
from gctail.postmortem.certificate import Compared, Comparison
from gctail.postmortem.lives import Person
from gctail.traces import Bin, end_s

LEAST_COLLECTIONS = 3
ILL = frozenset({"leak", "leak-accelerating", "leak-staircase", "goroutine-growth", "death-spiral", "outside-heap"})


def compared(person: Person) -> Comparison | None:
    """None where there is no healthy process before it."""
    epoch = person.epoch
    if epoch is None or epoch.trace is None:
        return None
    before = [each for each in person.service.epochs if each.index < epoch.index and _is_well(each)]
    if not before:
        return None
    healthy = before[-1]
    now, then = epoch.trace.bins(), healthy.trace.bins()
    common_s = min(end_s(now), end_s(then))
    rows = tuple(
        Compared(
            each.name, each.unit, _rounded(each.of(_until(then, common_s))), _rounded(each.of(_until(now, common_s)))
        )
        for each in FIGURES
    )
    told = tuple(row for row in rows if row.before is not None or row.now is not None)
    live_now, live_then = now[-1].live_high_mib, then[-1].live_high_mib
    sentence = (
        f"After {duration(common_s)} the live heap was {size(live_now)}; "
        f"in process {healthy.index}, which was well, it was {size(live_then)}."
    )
    return Comparison(healthy.index, sentence, told)


def _is_well(epoch: Epoch) -> bool:
    verdict = epoch.verdict()
    well = verdict is not None and not verdict.leak and verdict.kind not in ILL
    return well and not epoch.deaths and epoch.trace is not None and epoch.ledger.seen >= LEAST_COLLECTIONS


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.4g}")


def _until(bins: list[Bin], end_s: float) -> list[Bin]:
    return [each for each in bins if each.uptime_s is None or each.uptime_s <= end_s]
