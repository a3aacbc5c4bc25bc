"""The tail of Student's t, held against scipy's."""

import numpy as np
import pytest
from scipy.special import stdtr

from gctail.attribution.student import tail


@pytest.mark.parametrize("degrees", [1, 2, 3, 10, 57, 120, 1000])
def test_the_tail_is_that_of_scipy_to_ten_digits(degrees):
    t = np.concatenate([np.linspace(-8, 8, 161), [20.0, 50.0, 1e3, 1e6]])
    assert tail(t, degrees) == pytest.approx(stdtr(degrees, -t), rel=1e-10)


def test_half_of_all_chance_lies_above_zero():
    assert tail(np.zeros(1), 9)[0] == pytest.approx(0.5, abs=1e-15)
