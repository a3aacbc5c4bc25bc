"""What is remembered of the past of a process."""

import pytest

from gctail.detectors.history import History


def remembered(*levels):
    """A history of these levels (MiB), a block a second."""
    history = History()
    for at, level in enumerate(levels):
        history.add(at + 1.0, at + 0.5, level, level + 1.0, 10.0 * at)
    return history


def test_the_range_after_the_start_leaves_the_start_out():
    """The start of a process is no growth that anybody minds."""
    since_s, least, most = remembered(2.0, 30.0, 41.0, 40.0, 52.0, 39.0, 40.0, 41.0, 40.0, 40.0).range_after(0.2)
    assert (since_s, least, most) == (pytest.approx(2.5), 39.0, 53.0)


def test_a_few_blocks_have_no_range():
    assert remembered(2.0, 30.0, 41.0).range_after(0.2) is None
