"""What is open for its time is load: how many come, times how long each stays, however the load goes."""

import numpy as np
import pytest

from gctail.attribution.choosing import suspects
from gctail.attribution.testimony import testimony as asked_of
from gctail.attribution.under_way import takes_its_time
from gctail.detectors.values import Inquiry
from played_courses import Played

SEEDS = range(4)
BINS = 80


def streams(seed, for_ever, per_s=60.0, stay_s=7.0):
    """How many streams begin and end in each second, with a load that rises 5-fold; some stay for ever."""
    chance = np.random.default_rng(seed)
    came_s = np.concatenate([
        at + chance.uniform(0, 1, chance.poisson(per_s * (1 + 4 * at / BINS) / 5)) for at in range(BINS)
    ])  # fmt: skip
    ends_s = came_s + chance.exponential(stay_s, came_s.size)
    ends_s = ends_s[chance.random(came_s.size) >= for_ever]
    count = lambda at_s: np.histogram(at_s, bins=BINS, range=(0, BINS))[0].astype(float)  # noqa: E731
    return count(came_s), count(ends_s)


def played(seed, for_ever):
    """A heap that holds 0.06 MiB for each open stream, of many."""
    came, went = streams(seed, for_ever, per_s=200.0)
    found = Played(seed, bins=BINS, onset=0)
    found.lines("stream opened", counts=came.tolist())
    found.lines("stream closed", counts=went.tolist())
    found.keep(0.06, (came - went).tolist())
    return found.courses()


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("stay_s", [2.0, 8.0])
def test_what_is_open_while_the_load_rises_is_told_from_what_stays(seed, stay_s):
    """One in seven that never ends shows."""
    at_s = np.arange(BINS + 1, dtype=float)
    for for_ever in (0.0, 0.15):
        came, went = (np.append(0.0, np.cumsum(each)) for each in streams(seed, for_ever, stay_s=stay_s))
        assert takes_its_time(came - went, came, at_s) is (for_ever == 0.0)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("for_ever", [0.01, 0.02, 0.04])
def test_one_in_a_hundred_that_never_ends_shows_when_it_has_gone_on_for_long(seed, for_ever):
    """After an hour they are far more than what is open for some seconds, whatever the load does."""
    minute_s, stay_s, chance = 60.0, 4.0, np.random.default_rng(seed)
    at_s = np.arange(BINS + 1) * minute_s
    for rise in (0.0, 4.0):
        came = chance.poisson(10.0 * minute_s * (1 + rise * np.arange(BINS) / BINS)).astype(float)
        total = np.append(0.0, np.cumsum(came))
        balance = np.append(0.0, chance.poisson(came / minute_s * stay_s)) + np.floor(for_ever * total)
        assert not takes_its_time(balance, total, at_s)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_heap_of_what_is_open_accuses_nobody_and_is_no_leak(seed):
    """More come than before: that is load. Where some stay for ever the same lines are accused."""
    courses = played(seed, 0.0)
    assert suspects(courses, 5.0) == ()
    said = asked_of(courses, Inquiry(5.0, 2.0, 40.0, 100.0))
    assert said is not None
    assert said.belief < 0.1
    assert "which ends in its time" in said.ends
    first, *_ = suspects(played(seed, 0.3), 5.0)
    assert (first.message, first.less) == ("stream opened", "stream closed")
