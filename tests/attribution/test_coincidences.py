"""A rare line that comes whenever something happens is told, with how likely chance would bring that."""

import random

import pytest

from gctail.attribution.coincidences import coincidences, tail
from gctail.attribution.usual import Usual
from gctail.templates.mine import Mine

SECONDS = 240


def usual_of(scrapes, seed=1, late_s=0):
    """A service with requests all the time, a rare note at random, and a scrape in these seconds; one bin each two."""
    mine, dice = Mine(bins=256), random.Random(seed)  # noqa: S311
    for second in range(SECONDS):
        lines = [f'level=info msg="request processed" path=/api/{each}' for each in range(10)]
        if second - late_s in scrapes:
            lines.append(f'level=info msg="metrics scraped" series={second}')
        if dice.random() < 0.05:
            lines.append(f'level=warn msg="replica lagging" seconds={second % 7}')
        mine.read("".join(f"{line}\n" for line in lines).encode())
        if second % 2:
            mine.tick(float(second + 1), 10.0)
    return Usual(mine)


SCRAPES = (14, 44, 74, 104, 134, 164, 194, 224)


@pytest.mark.parametrize("late_s", [-2, 0, 2])
def test_what_comes_at_every_spike_and_hardly_else_is_told(late_s):
    """Before it, with it, or when its work is done."""
    [found] = coincidences(usual_of(SCRAPES, late_s=late_s), [scrape + 2.0 for scrape in SCRAPES[2:]])
    assert (found.message, found.at, found.moments, found.total) == ("metrics scraped", (0, 1, 2, 3, 4, 5), 6, 8)
    assert found.p_value < 1e-4


def test_one_spike_without_it_is_forgiven():
    moments = [scrape + 2.0 for scrape in SCRAPES] + [91.0]
    [found] = coincidences(usual_of(SCRAPES), moments)
    assert (len(found.at), found.moments) == (8, 9)


@pytest.mark.parametrize("seed", range(20))
def test_spikes_at_any_other_time_accuse_no_line(seed):
    """Neither what comes all the time, nor what comes at random; one in a hundred would be by chance."""
    dice = random.Random(seed)  # noqa: S311
    moments = sorted(dice.uniform(10, SECONDS - 10) for _ in range(6))
    assert coincidences(usual_of(SCRAPES, seed), moments) == ()


def test_of_one_spike_or_two_nothing_is_said():
    assert coincidences(usual_of(SCRAPES), [16.0, 46.0]) == ()


def test_the_chance_is_that_of_a_binomial_distribution():
    assert tail(5, 5, 0.1) == pytest.approx(1e-5)
    assert tail(0, 5, 0.1) == pytest.approx(1.0)
    assert tail(1, 2, 0.5) == pytest.approx(0.75)
