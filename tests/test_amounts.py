"""Sizes, times and growths are said in one way, in the unit that a person would choose."""

import pytest

from gctail.amounts import duration, growth, pause, size


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (0.35, "350 ms"),
        (4.5, "4.5 s"),
        (9.97, "10 s"),
        (45, "45 s"),
        (60, "1 min"),
        (70, "1 min 10 s"),
        (3599.7, "1 h"),
        (12_000, "3 h 20 min"),
        (90_000, "1 d 1 h"),
        (604_800, "7 d"),
        (-4.5, "−4.5 s"),
        (-70, "−1 min 10 s"),
    ],
)
def test_a_duration_is_told_in_two_units(seconds, text):
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("mib", "text"),
    [
        (0, "0 MiB"),
        (16 / 1024**2, "16 bytes"),
        (0.3 / 1024**2, "0.3 bytes"),
        (12 / 1024, "12 KiB"),
        (0.99, "1,014 KiB"),
        (9.53, "9.53 MiB"),
        (255.4, "255 MiB"),
        (1024, "1 GiB"),
        (3277, "3.2 GiB"),
        (1023 * 1024, "1,023 GiB"),
        (16 * 1024**2, "16 TiB"),
        (-2048, "-2 GiB"),
    ],
)
def test_a_size_is_told_in_the_largest_unit_of_which_it_has_one(mib, text):
    assert size(mib) == text


def test_growth_is_told_in_the_unit_in_which_it_can_be_read():
    """Three zeros after the point are no help at night."""
    assert [growth(each) for each in (2.0, 0.25, 0.01, 0.000192, 0.00001, -0.01)] == [
        "2 MiB/s", "0.25 MiB/s", "0.6 MiB/min", "0.691 MiB/h", "0.864 MiB/d", "-0.6 MiB/min",
    ]  # fmt: skip


def test_a_pause_of_a_second_or_more_is_told_in_seconds():
    """Nobody reads 1.66e+03 ms at night."""
    assert [pause(ms) for ms in (0.7134, 9.96, 25.13, 160.2, 999.4, 999.7, 1660, 75_000)] == [
        "0.713 ms", "9.96 ms", "25.1 ms", "160 ms", "999 ms", "1 s", "1.7 s", "1 min 15 s",
    ]  # fmt: skip
