"""What a judge buys with its false alarms, over all thresholds: leaks told in time, and how many alarms are true."""

from __future__ import annotations

import numpy as np
from metrics import Outcome, summary
from plots import Points

STEPS = 60
MOST_FALSE_A_DAY = 1.0


def bought(outcomes: list[Outcome]) -> tuple[Points, Points]:
    """Two curves over `STEPS` thresholds: (false alarms a service-day, recall) up to one a day, (recall, precision).

    Recall is of leaks told by four fifths of their way.
    """
    scores = np.concatenate([o.score[o.score > 0] for o in outcomes if o.twin_of is None])
    if not len(scores):
        return [(0.0, 0.0), (MOST_FALSE_A_DAY, 0.0)], []
    prices: dict[float, float] = {0.0: 0.0}
    truths: dict[float, float] = {}
    for least in np.unique(np.quantile(scores, np.linspace(0.0, 1.0, STEPS))).tolist():
        found = summary(outcomes, float(least))
        recall, daily, precision = found["recall80"], found["fa_per_day"], found["precision"]
        if daily <= MOST_FALSE_A_DAY:
            prices[daily] = max(prices.get(daily, 0.0), recall)
        if not np.isnan(precision):  # where anything was told
            truths[recall] = max(truths.get(recall, 0.0), precision)
    best = 0.0
    steps: Points = []
    for daily, recall in sorted(prices.items()):
        best = max(best, recall)
        steps.append((daily, best))
    return [*steps, (MOST_FALSE_A_DAY, best)], sorted(truths.items())
