"""A few seconds of storm over `gctail -f`; bench/follow_storm.py has it for as long as one likes."""

import pytest

from follow_storm import Storm


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_in_a_storm_nothing_is_lost_and_nothing_comes_twice(tmp_path, seed):
    """Rotations, copies, truncations, compression, removals, and kill -9, by chance."""
    with Storm(tmp_path, seed) as storm:
        storm.rage(seconds=4, kills=2)
    assert storm.faults() == []
