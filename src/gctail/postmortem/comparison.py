"""This process held against the last one before it that was well: what is different, after as long a time."""

from __future__ import annotations

from gctail.epochs import Epoch
from gctail.forecast import duration
from gctail.postmortem.certificate import Compared, Comparison
from gctail.postmortem.lives import Person
from gctail.postmortem.wording import size
from gctail.traces import Bin

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
    common_s = min(_length(now), _length(then))
    rows = tuple(
        Compared(name, unit, _rounded(figure(then, common_s)), _rounded(figure(now, common_s)))
        for name, unit, figure in _FIGURES
    )
    told = tuple(row for row in rows if row.before is not None or row.now is not None)
    live = next((row for row in told if row.name == "live heap"), None)
    sentence = f"Process {healthy.index} was well"
    if live is not None and live.before is not None and live.now is not None:
        sentence = (
            f"After {duration(common_s)} the live heap was {size(live.now)}; "
            f"in process {healthy.index}, which was well, it was {size(live.before)}"
        )
    return Comparison(healthy.index, sentence + ".", told)


def _is_well(epoch: Epoch) -> bool:
    verdict = epoch.verdict()
    well = verdict is not None and not verdict.leak and verdict.kind not in ILL
    return well and not epoch.deaths and epoch.trace is not None and epoch.ledger.seen >= LEAST_COLLECTIONS


def _length(bins: list[Bin]) -> float:
    times = [each.uptime_s for each in bins if each.uptime_s is not None]
    return times[-1] if times else 0.0


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.4g}")


def _until(bins: list[Bin], end_s: float) -> list[Bin]:
    return [each for each in bins if each.uptime_s is None or each.uptime_s <= end_s]


def _live(bins: list[Bin], end_s: float) -> float | None:
    part = _until(bins, end_s)
    return float(part[-1].live_high_mib) if part else None


def _peak(bins: list[Bin], end_s: float) -> float | None:
    return float(max((each.heap_end_mib for each in _until(bins, end_s)), default=0)) or None


def _rate(bins: list[Bin], end_s: float) -> float | None:
    part = _until(bins, end_s)
    span_s = sum(each.span_s for each in part)
    return sum(each.allocated_mib for each in part) / span_s if span_s else None


def _busy(bins: list[Bin], end_s: float) -> float | None:
    part = _until(bins, end_s)
    span_s = sum(each.span_s for each in part)
    return 100 * sum(each.busy_s for each in part) / span_s if span_s else None


def _collections(bins: list[Bin], end_s: float) -> float | None:
    part = _until(bins, end_s)
    return 60 * sum(each.collections for each in part) / end_s if end_s and part else None


def _pause(bins: list[Bin], end_s: float) -> float | None:
    part = _until(bins, end_s)
    count = sum(each.collections for each in part)
    return sum(each.pause_sum_ms for each in part) / count if count else None


def _stacks(bins: list[Bin], end_s: float) -> float | None:
    known = [each.stacks_mib for each in _until(bins, end_s) if each.stacks_mib is not None]
    return float(max(known)) if known else None


_FIGURES = (
    ("live heap", "MiB", _live),
    ("highest heap", "MiB", _peak),
    ("stacks", "MiB", _stacks),
    ("allocation", "MiB/s", _rate),
    ("collections", "a minute", _collections),
    ("collector's CPU", "%", _busy),
    ("mean pause", "ms", _pause),
)
