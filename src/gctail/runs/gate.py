"""A gate for a soak test in CI: does this run leak, and would it have shown a leak at all."""

from __future__ import annotations

from msgspec import Struct

from gctail.parsing.causes import CAUSES
from gctail.records import Death, Verdict
from gctail.runs.soak import Slope, slope_of
from gctail.service import Service

PASS, FAIL, UNDECIDED = "pass", "fail", "undecided"
TOO_SHORT = "the run is too short to show so small a growth"


class Gated(Struct, frozen=True):
    """What the gate says of one service. Growth in MiB/s, times in seconds of uptime."""

    service: str
    result: str
    """pass, fail, or undecided: the run is too short or wavers too much to tell."""
    why: str
    slope: Slope | None
    allowed: float | None
    """The growth that is allowed; None: whatever is no leak."""
    kind: str | None
    probability: float | None
    span_s: float
    needs_s: float | None = None
    """How long a run must be, after its warm-up, to show the growth that is not allowed."""


def gated(service: Service, allowed: float | None, warm_up_s: float | None) -> Gated:
    """Judge the run of one service: its process that died, or leaks most, or ran last."""
    epoch, verdict = service.judged()
    bins = epoch.trace.bins() if epoch is not None and epoch.trace is not None else []
    times = [each.uptime_s for each in bins if each.uptime_s is not None]
    slope = slope_of(bins, warm_up_s)
    kind, probability = (verdict.kind, verdict.probability) if verdict is not None else (None, None)

    span_s = times[-1] - times[0] if times else 0.0
    result, why = _result(service, verdict, slope, allowed)
    needs_s = slope.seconds_to_show(allowed) if slope is not None and allowed and why is TOO_SHORT else None
    return Gated(service.name, result, why, slope, allowed, kind, probability, span_s, needs_s)


def _result(service: Service, verdict: Verdict | None, slope: Slope | None, allowed: float | None) -> tuple[str, str]:
    if service.deaths and isinstance(service.deaths[-1].record, Death):
        cause = service.deaths[-1].record.cause
        return FAIL, f"it died: {CAUSES.get(cause, cause)}"
    if verdict is not None and verdict.leak:
        return FAIL, "it leaks"
    if slope is None:
        return UNDECIDED, "too few collections after the warm-up to see any growth"
    if allowed is not None:
        return _held_against(slope, allowed)
    if verdict is not None and verdict.kind == "growing":
        return UNDECIDED, "it grows, and the run is too short to tell whether that stops"
    return PASS, "no leak seen"


def _held_against(slope: Slope, allowed: float) -> tuple[str, str]:
    if slope.low > allowed:
        return FAIL, "it grows faster than is allowed"
    if slope.high <= allowed:
        return PASS, "it does not grow faster than is allowed"
    if slope.rate > allowed:
        return UNDECIDED, "it seems to grow faster than is allowed, but it wavers too much to be sure"
    return UNDECIDED, TOO_SHORT
