"""Why a verdict is what it is, in sentences with numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gctail.amounts import duration, growth, many
from gctail.detectors.goal import at_or_over
from gctail.detectors.shape import Course

TOLD_SHARE = 0.3
"""Of its course, what a load explains less than this of came back for another reason."""
AT_ONCE_S = 0.5
CAME_BACK_SHARE = 0.3
"""Of what it rose above the settled level: a fall by so much is the memory that came back."""
LIMIT_FROM = {
    "gomemlimit": "the end, by GOMEMLIMIT",
    "earlier-death": "there an earlier run died",
    "earlier-end": "there earlier runs ended",
    "replica-death": "there another replica died",
}
"""Why the process will die at that much live heap, where no limit was given."""

if TYPE_CHECKING:
    from gctail.detectors.episodes import Zigzag
    from gctail.records import Forecast


def growth_sentence(level: float, lasted_s: float, rate: float, probability: float) -> str:
    """What grew (MiB), for how long (s), how fast (MiB/s), how sure."""
    return (
        f"the live heap is {level:.0f} MiB and has grown for {duration(lasted_s)} by {growth(rate)}: "
        f"a leak with probability {probability:.2f}"
    )


def growing_sentence(level: float, lasted_s: float, rate: float, probability: float) -> str:
    """The same, where it may as well stop by itself."""
    return (
        f"the live heap is {level:.0f} MiB and has grown for {duration(lasted_s)} by {growth(rate)}; "
        f"about {probability:.0%} of such growth is a leak, the rest stops by itself"
    )


def over_sentence(level: float, base: float, top: float, probability: float) -> str:
    """Why it is called a leak no more: the memory came back (MiB: now, settled, at most), or the growth ends."""
    if top - level >= CAME_BACK_SHARE * (top - base):
        return f"the memory came back: {level:.0f} MiB are live, after {top:.0f} MiB"
    return f"taken back, a leak with probability {probability:.2f} only: at {level:.0f} MiB the growth stops or slows"


def climbing_sentence(level: float, lasted_s: float, rate: float) -> str:
    """The same, where nothing is made of it."""
    return f"the live heap is {level:.0f} MiB and has grown for {duration(lasted_s)} by {growth(rate)}"


def reasons_of(course: Course, kind: str, rate: float, zigzag: Zigzag, load_share: float) -> tuple[str, ...]:
    """What speaks for this kind."""
    level, now_s = course.level, course.now_s
    growing = growth_sentence(level, now_s - course.onset_s, rate, course.probability)
    turns = len(zigzag.peaks)
    highest = max([peak.level for peak in zigzag.peaks], default=course.top)
    match kind:
        case "steady" | "idle":
            seen = f"{many(course.collections, 'collection')} in {duration(now_s)}"
            return (
                f"the live heap stays at {level:.0f} MiB over {seen}",
                f"{course.allocation_rate:.3g} MiB/s are allocated",
            )
        case "too-few-points":
            few = f"{many(course.collections, 'collection')} in {duration(now_s)}: too few to tell"
            return (few, growing) if rate > 0.0 else (few,)
        case "growth-with-load" if load_share >= TOLD_SHARE or highest <= level:
            return (f"{load_share:.0%} of the live heap's course follows the allocation rate",)
        case "growth-with-load" | "sawtooth" | "batch" | "spike":
            often = f" {turns} times" if turns > 1 else ""
            return (f"the live heap came back{often}, from up to {highest:.0f} MiB, and is {level:.0f} MiB now",)
        case "warm-up" | "bounded-cache" | "step" if course.probability < 0.4:
            return (f"the live heap rose to {level:.0f} MiB and its growth has come to an end",)
        case _:
            return (growing,)


def limit_sentence(forecast: Forecast | None, limit_mib: float | None, level: float, rate: float) -> str | None:
    """How long the memory lasts, or where no limit is known, how soon there is twice as much; None where nothing is."""
    if forecast is None:
        return f"no limit is known; at this rate it doubles in {duration(level / rate)}" if rate > 0.0 else None
    if forecast.seconds is None:
        return None
    when = "any moment now" if is_here(forecast) else f"in about {duration(forecast.seconds)}"
    if limit_mib is None:
        return f"at this rate {forecast.limit_mib:.0f} MiB are live {when}: {LIMIT_FROM[forecast.limit_from]}"
    if forecast.next_goal_mib is not None:
        return f"the memory may be gone {any_moment(forecast.next_goal_mib, limit_mib)}"
    return f"at this rate the limit of {limit_mib:.0f} MiB is met {when}"


def is_here(forecast: Forecast) -> bool:
    """Whether the level at which the process dies is reached: a number of seconds would pretend to know."""
    return forecast.seconds is not None and (forecast.seconds < AT_ONCE_S or forecast.low == 0.0)


def any_moment(next_goal_mib: float, limit_mib: float) -> str:
    """When an end comes that no collection has to come before."""
    where = at_or_over(next_goal_mib, limit_mib)
    return f"any moment now: the next goal, {next_goal_mib:.0f} MiB, is {where} of {limit_mib:.0f} MiB"
