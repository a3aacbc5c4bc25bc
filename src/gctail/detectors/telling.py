"""What is to be said of growth that may be a leak, when an alarm asks: in words, in numbers, and how urgent."""

from __future__ import annotations

from typing import Any, NamedTuple

from gctail.detectors.bearing import Room
from gctail.detectors.ending import Ending
from gctail.detectors.leak import SOON_S, Telling, Weight
from gctail.detectors.others import Others
from gctail.detectors.passage import survival
from gctail.detectors.patience import false_alarms_per_day
from gctail.detectors.reasons import growing_sentence, growth_sentence, limit_sentence, over_sentence

SHORTEST_SHARE = 0.1
"""The lower end of a forecast is hardly ever a smaller share of it."""
URGENT = 0.6
"""A leak so likely, and so likely to meet the limit soon, is critical."""


class Grown(NamedTuple):
    """Growth that somebody believes in: how it weighs, its end, and what others say of it."""

    weight: Weight
    end: Ending
    said: Others


def telling(grown: Grown, room: Room, origin_s: float) -> Telling:
    """All of it; `origin_s` is the uptime at which the judge began to count."""
    (forecast, onset_s, rate), level, lasted_s = grown.end, room.level_mib, room.bearing.now_s - grown.end.onset_s
    likely = grown.weight.likely
    evidence: dict[str, Any] = {
        "probability": round(likely, 4),
        "onset_uptime_s": round(onset_s + origin_s, 3),
        "rate_mib_per_s": round(rate, 6),
        "heap_live_mib": round(level, 1),
        "limit_mib": room.limit_mib,
        "seconds": forecast.seconds if forecast is not None else None,
        "low": forecast.low if forecast is not None else None,
        "high": forecast.high if forecast is not None else None,
        "next_goal_mib": forecast.next_goal_mib if forecast is not None else None,
        "doubles_in_s": round(level / rate, 3) if rate > 0.0 else None,
        "false_alarms_per_day": float(f"{false_alarms_per_day(grown.weight.settled, grown.weight.uptime_s):.2g}"),
        **grown.said.evidence(),
    }
    about_limit = limit_sentence(forecast, room.limit_mib, level, rate)
    further = [*grown.said.sentences(level), *filter(None, (about_limit,))]
    told, growing = (
        "; ".join((say(level, lasted_s, rate, likely), *further)) for say in (growth_sentence, growing_sentence)
    )
    over = over_sentence(level, room.bearing.base, room.bearing.top, likely)
    return Telling(told, growing, over, evidence, is_urgent(grown, lasted_s))


def is_urgent(grown: Grown, lasted_s: float) -> bool:
    """Whether the end is both near and likely."""
    forecast, others_end = grown.end.forecast, grown.said.end
    if forecast is None or forecast.low is None or grown.weight.belief < URGENT:
        return False
    if others_end is not None and not others_end.is_death:
        return False
    return forecast.low < SOON_S and survival(lasted_s, forecast.seconds) >= URGENT
