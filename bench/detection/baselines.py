"""Rules that others use, written anew from their published descriptions: each gives a score over time for one run.

All look at the live heap after each collection in buckets of five virtual minutes (the lower median), except where the
rule is about single collections. They know the container's limit, as ours does. A score at or above `ALARM[name]` is
the rule's own alarm.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from math import sqrt

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from simulator import Series

BUCKET_H = 1 / 12
Scores = tuple[np.ndarray, np.ndarray]


class Buckets:
    """A run in buckets of five virtual minutes; `h` is virtual hours since its start."""

    def __init__(self, run: Series) -> None:
        times, lives = [], []
        for start_s, epoch in zip(run.starts_s, run.epochs, strict=True):
            times += [start_s + clock_s for clock_s, _ in epoch]
            lives += [cycle.heap_marked_mib for _, cycle in epoch]
        self.times_h = np.array(times) / run.hour_s
        self.lives = np.array(lives, dtype=float)
        places = (self.times_h / BUCKET_H).astype(int)
        first = np.concatenate([[0], np.flatnonzero(np.diff(places)) + 1])
        last = np.concatenate([first[1:], [len(places)]])
        self.h = self.times_h[last - 1]
        self.y = np.array([np.sort(self.lives[a:b])[(b - a - 1) // 2] for a, b in zip(first, last, strict=True)])
        self.fatal = run.limit_mib / 2.07  # the live level at which the goal meets the limit, at GOGC=100


def always(run: Buckets) -> Scores:
    """Calls everything a leak."""
    return run.h, np.ones(len(run.h))


def never(run: Buckets) -> Scores:
    """Never speaks."""
    return run.h, np.zeros(len(run.h))


def fixed_growth(run: Buckets) -> Scores:
    """MiB gained within an hour: many dashboards alarm at 50."""
    back = np.searchsorted(run.h, run.h - 1.0)
    return run.h, run.y - run.y[back]


def _lines(h: np.ndarray, y: np.ndarray, window_h: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Least-squares slope and value now over a sliding window, and how long that window is (h)."""
    sums = [np.concatenate([[0.0], np.cumsum(v)]) for v in (h, y, h * h, h * y)]
    first = np.searchsorted(h, h - window_h)
    last = np.arange(len(h)) + 1
    sh, sy, shh, shy = (s[last] - s[first] for s in sums)
    n = last - first
    spread = n * shh - sh * sh
    slope = np.where(spread > 1e-6, (n * shy - sh * sy) / np.maximum(spread, 1e-6), 0.0)
    return slope, (sy - slope * sh) / n + slope * h, h - h[first]


def predict_linear(run: Buckets, window_h: float, horizon_h: float, hold_h: float) -> Scores:
    """Prometheus's rule: a line through a window passes the fatal level within the horizon, for so long."""
    slope, now, width = _lines(run.h, run.y, window_h)
    score = np.where((slope > 0) & (width >= 0.9 * window_h), (now + slope * horizon_h) / run.fatal, 0.0)
    return run.h, _held(score, int(hold_h / BUCKET_H))


def _held(score: np.ndarray, count: int) -> np.ndarray:
    """The lowest score of the last `count` buckets."""
    held = np.zeros(len(score))
    if len(score) >= count > 0:
        held[count - 1 :] = sliding_window_view(score, count).min(1)
    return held


def mann_kendall(run: Buckets, window_h: float = 12.0) -> Scores:
    """The z value of Mann and Kendall's trend test over a window, every half an hour."""
    score = np.zeros(len(run.h))
    every = 6
    for index in range(every, len(run.h), every):
        first = np.searchsorted(run.h, run.h[index] - window_h)
        if run.h[index] - run.h[0] < 0.9 * window_h:
            continue
        x = run.y[first : index + 1 : 3]
        n = len(x)
        rises = np.triu(np.sign(x[None, :] - x[:, None]), 1).sum()
        ties = np.unique(x, return_counts=True)[1]
        variance = (n * (n - 1) * (2 * n + 5) - (ties * (ties - 1) * (2 * ties + 5)).sum()) / 18
        score[index : index + every] = (rises - np.sign(rises)) / sqrt(max(variance, 1e-9))
    return run.h, score


def half_space_trees(run: Buckets) -> Scores:
    """river's HalfSpaceTrees on the live heap and its change, as shares of the fatal level."""
    from river import anomaly

    model = anomaly.HalfSpaceTrees(n_trees=10, height=6, window_size=250, limits={"x": (0, 1), "d": (0, 1)}, seed=1)
    score = np.zeros(len(run.y))
    for index in range(1, len(run.y)):
        change = (run.y[index] - run.y[index - 1]) / run.fatal * 5
        x = {"x": min(run.y[index] / run.fatal, 1.0), "d": 0.5 + 0.5 * max(-1.0, min(1.0, change))}
        score[index] = model.score_one(x) if index > 250 else 0.0
        model.learn_one(x)
    return run.h, score


def adwin(run: Buckets) -> Scores:
    """river's ADWIN: an upward change of the mean."""
    from river import drift

    model, score = drift.ADWIN(delta=0.002), np.zeros(len(run.y))
    base = max(float(np.median(run.y[:12])), 1.0)
    for index, y in enumerate(run.y):
        before = model.estimation
        model.update(y / base)
        if model.drift_detected and model.estimation > before:
            score[index] = model.estimation - before
    return run.h, score


def page_hinkley(run: Buckets) -> Scores:
    """Page and Hinkley's test: the sum of what lies above the running mean, less its lowest."""
    base = max(float(np.median(run.y[:12])), 1.0)
    mean = total = lowest = 0.0
    score = np.zeros(len(run.y))
    for index, y in enumerate(run.y / base):
        mean += (y - mean) / (index + 1)
        total += y - mean - 0.005
        lowest = min(lowest, total)
        score[index] = total - lowest if index >= 30 else 0.0
    return run.h, score


def precog(run: Buckets, *, max_filter: bool = True) -> Scores:
    """PrecogMF (Jindal et al., arXiv 2106.08938): lines from change points to now with R2 >= 0.8 that reach the limit.

    Trained on the first twelve hours: the steepest and longest trend and (max filter) the highest level are normal.
    """
    percent = run.y / run.fatal * 100
    smooth = np.array([np.median(percent[max(0, i - 11) : i + 1]) for i in range(len(percent))])
    h, score = run.h, np.zeros(len(run.h))
    steepest, longest, highest = 0.0, 6.0, -1.0
    trained = int(np.searchsorted(h, h[0] + 12))
    for index in range(6, len(h), 6):
        best = 0.0
        for first in _change_points(smooth, h, index):
            found = _trend(h[first : index + 1], smooth[first : index + 1])
            if found is None or found[0] < 0.8 or found[1] <= 0.0:
                continue
            _, slope, duration = found
            exit_h = (100 - smooth[index]) / slope
            if index < trained:
                if exit_h <= 168:
                    steepest, longest = max(steepest, slope), max(longest, duration)
            elif not (slope <= steepest and duration <= longest) and not (max_filter and smooth[index] <= highest):
                best = max(best, 168 / max(exit_h, 0.1))
        if index < trained:
            highest = float(smooth[: index + 1].max())
        score[index : index + 6] = best
    return h, score


def _change_points(smooth: np.ndarray, h: np.ndarray, index: int) -> list[int]:
    """Starts of windows: the beginning, and jumps with a modified z over 3.5 that lie six hours apart."""
    steps = np.abs(np.diff(smooth[: index + 1]))
    usual = float(np.median(steps))
    spread = float(np.median(np.abs(steps - usual))) or 1e-6
    points = [0]
    for place in np.flatnonzero(0.6745 * (steps - usual) / spread > 3.5) + 1:
        if h[place] - h[points[-1]] >= 6 and h[index] - h[place] >= 6:
            points.append(int(place))
    return points


def _trend(x: np.ndarray, y: np.ndarray) -> tuple[float, float, float] | None:
    """R2, slope and duration of a line; None where it is shorter than six hours."""
    if len(x) < 6 or x[-1] - x[0] < 6:
        return None
    dx, dy = x - x.mean(), y - y.mean()
    slope = float((dx * dy).sum() / (dx * dx).sum())
    total = float((dy * dy).sum())
    return 1 - float(((dy - slope * dx) ** 2).sum()) / max(total, 1e-9), slope, float(x[-1] - x[0])


def coroot(run: Buckets) -> Scores:
    """coroot's rule: growth in percent an hour over half a day, over 5 % of the limit, and not at a plateau."""
    slope, now, width = _lines(run.h, run.y, 12.0)
    recent, _, _ = _lines(run.h, run.y, 3.0)
    grown = slope * width
    good = (grown >= 0.05 * run.fatal) & (recent >= 0.3 * slope) & (width >= 6.0)
    return run.h, np.where(good, 100 * slope / np.maximum(now, 1.0), 0.0)


def argus(run: Buckets) -> Scores:
    """Argus's rule: a line through the medians of twenty equal windows of the whole log, R2 over 0.7 and rising."""
    score = np.zeros(len(run.h))
    for index in range(40, len(run.h), 6):
        edges = np.linspace(0, index + 1, 21).astype(int)
        medians = np.array([np.median(run.y[a:b]) for a, b in pairwise(edges)])
        x = np.arange(20) - 9.5
        slope = float((x * (medians - medians.mean())).sum() / (x * x).sum())
        total = float(((medians - medians.mean()) ** 2).sum())
        score[index : index + 6] = slope * slope * float((x * x).sum()) / max(total, 1e-9) if slope > 0 else 0.0
    return run.h, score


def holmes(run: Buckets) -> Scores:
    """holmes's rule: this collection against the mean of the ten before it; +25 % speaks."""
    sums = np.concatenate([[0.0], np.cumsum(run.lives)])
    score = np.zeros(len(run.lives))
    if len(run.lives) > 10:
        score[10:] = run.lives[10:] / np.maximum((sums[10:-1] - sums[:-11]) / 10, 1.0) - 1
    return run.times_h, score


BASELINES: dict[str, tuple[Callable[[Buckets], Scores], float]] = {
    "always": (always, 0.5),
    "never": (never, 0.5),
    "50 MiB in an hour": (fixed_growth, 50.0),
    "predict_linear(live[1h], 4h) for 30m": (lambda run: predict_linear(run, 1, 4, 0.5), 1.0),
    "predict_linear(live[6h], 24h) for 1h": (lambda run: predict_linear(run, 6, 24, 1), 1.0),
    "Mann-Kendall 12 h": (mann_kendall, 3.29),
    "HalfSpaceTrees on live (river)": (half_space_trees, 0.95),
    "ADWIN, upwards (river)": (adwin, 0.02),
    "Page-Hinkley": (page_hinkley, 50.0),
    "Precog": (lambda run: precog(run, max_filter=False), 1.0),
    "PrecogMF": (precog, 1.0),
    "coroot": (coroot, 0.5),
    "Argus": (argus, 0.7),
    "holmes": (holmes, 0.25),
}
