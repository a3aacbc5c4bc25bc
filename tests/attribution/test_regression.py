"""Courses fitted to columns: slopes are found through noise that remembers, and chance is called chance."""

from random import Random

import numpy as np
import pytest

from gctail.attribution.regression import fits


def noise(dice, count, phi, sigma):
    """Noise of which each value remembers so much of the one before."""
    found = [0.0]
    for _ in range(count - 1):
        found.append(phi * found[-1] + dice.gauss(0, sigma))
    return np.array(found)


@pytest.mark.parametrize("phi", [0.0, 0.6, 0.95])
def test_the_slope_is_found_through_noise_that_remembers(phi):
    dice = Random(1)  # noqa: S311
    column = np.cumsum([dice.random() for _ in range(120)])
    course = 5.0 + 3.0 * column + noise(dice, 120, phi, 0.2)
    found = fits(course, np.ones((120, 1)), column[:, None])
    assert found.slope[0] == pytest.approx(3.0, rel=0.1)
    assert found.p_value[0] < 1e-6


def test_two_walks_that_have_nothing_to_do_with_each_other_are_rarely_taken_for_one():
    """Ordinary least squares calls three of four such pairs certain at 0.05 (Granger and Newbold 1974)."""
    dice = Random(2)  # noqa: S311
    chances = [
        fits(noise(dice, 100, 1.0, 1.0), np.ones((100, 1)), noise(dice, 100, 1.0, 1.0)[:, None]).p_value[0]
        for _ in range(200)
    ]
    assert sum(chance < 0.01 for chance in chances) <= 6
    assert sum(chance < 0.05 for chance in chances) <= 20


def test_where_it_is_not_known_how_much_the_noise_remembers_chance_is_not_called_proof():
    """The likeliest memory of the noise, taken for the true one, makes eight times as many innocent lines certain."""
    dice = Random(1)  # noqa: S311
    time = np.arange(50.0) / 50
    others = np.column_stack([np.ones(50), time, np.cos(np.pi * time), np.cos(2 * np.pi * time)])
    chances = []
    for _ in range(150):
        innocent = np.cumsum(
            [[sum(dice.random() < 0.5 for _ in range(3)) for _ in range(16)] for _ in range(50)], axis=0
        )
        chances += fits(noise(dice, 50, 0.7, 1.0), others, innocent.astype(float)).p_value.tolist()
    assert sum(chance < 0.001 for chance in chances) <= 3
    assert min(chances) > 1e-4


def test_evidence_that_rests_on_one_bin_is_none():
    """A step of the heap and a step of the column in the same second happen by chance all the time."""
    dice, step = Random(3), np.repeat([0.0, 50.0], 50)  # noqa: S311
    course, column = step + noise(dice, 100, 0.0, 0.5), step + noise(dice, 100, 0.0, 0.5)
    found = fits(np.diff(course), np.ones((99, 1)), np.diff(column)[:, None])
    assert found.gain[0] > 20
    assert found.p_value[0] > 0.01


def test_a_column_that_others_explain_already_gains_nothing():
    time = np.arange(50.0)
    found = fits(time + noise(Random(4), 50, 0.0, 1.0), np.column_stack([np.ones(50), time]), 3 * time[:, None])  # noqa: S311
    assert found.gain[0] == pytest.approx(0.0, abs=1e-6)
    assert found.p_value[0] == 1.0
