"""Time in bins that are merged when there are too many of them: nothing is lost, and it stays small."""

import pytest

from gctail.templates.mine import Mine


def long_mine(intervals, bins):
    """A mine that saw so many collections, each with one more line than the last, up to seven."""
    mine = Mine(bins=bins)
    for number in range(intervals):
        mine.read(
            b"".join(b"INFO stored key=%d-%d size=%d\n" % (number, line, number) for line in range(number % 7 + 1))
        )
        mine.tick(float(number), 100.0 + number)
    return mine


@pytest.mark.parametrize("intervals", [7, 8, 9, 16, 100, 1000])
def test_sums_are_kept_and_levels_are_the_last_ones(intervals):
    """However often the bins were merged."""
    courses = long_mine(intervals, 8).courses()
    closed = int(sum(courses.collections))
    lines = sum(number % 7 + 1 for number in range(closed))
    [template] = courses.templates
    slots = {slot.name: slot for slot in template.slots}
    assert len(courses.uptime_s) <= 8
    assert sum(courses.lines) == sum(template.count) == lines
    assert sum(slots["key"].new_keys) == pytest.approx(lines, rel=0.05)
    assert courses.uptime_s[-1] == slots["size"].last[-1] == closed - 1
    assert (courses.live_mib[-1], courses.live_low_mib[0]) == (99.0 + closed, 100.0)
    assert courses.live_mean_mib[0] == pytest.approx(100 + (courses.collections[0] - 1) / 2)


def test_collections_before_the_first_text_open_no_bin():
    """A service without application text costs nothing."""
    mine = Mine()
    for number in range(1000):
        mine.tick(float(number), 1.0)
    assert (mine.grid.bins, mine.courses().uptime_s) == (0, [])


def test_of_a_bin_with_much_text_some_is_read_and_the_counts_are_scaled_up():
    """One line in ten is the other one; keys that come once are scaled up with it."""
    mine = Mine(closely_bytes=1 << 17)
    for number in range(4):
        lines = (b"INFO stored key=%d-%d\n" if line % 10 else b"WARN slow %d %d\n" for line in range(60_000))
        mine.read(b"".join(form % (number, line) for line, form in enumerate(lines)))
        mine.tick(float(number), 1.0)
    courses = mine.courses()
    stored, slow = sorted(courses.templates, key=lambda template: template.level)
    assert courses.sampled < 0.4
    assert (sum(stored.count), sum(slow.count)) == (pytest.approx(216_000, rel=0.01), pytest.approx(24_000, rel=0.01))
    assert sum(stored.slots[0].new_keys) == pytest.approx(216_000, rel=0.1)


def test_where_a_heap_does_not_fit_thousands_of_collections_leave_the_time_before_them_its_bins():
    """400 collections in 100 s, then 4,000 in the last 20 s, each with a line or none."""
    mine = Mine()
    for number in range(4400):
        uptime_s = min(number, 400) / 4 + max(number - 400, 0) / 200
        if number < 400 or number % 10 == 0:
            mine.read(b"INFO stored key=%d\n" % number * (8 if number < 400 else 2))
        mine.tick(uptime_s, 10.0)
    courses = mine.courses()
    before = [at for at, uptime_s in enumerate(courses.uptime_s) if uptime_s <= 100]
    assert len(before) > len(courses.uptime_s) / 2 > 32
    assert sum(courses.collections[at] for at in before) == pytest.approx(400, abs=16)


def test_a_moment_in_which_much_is_said_has_bins_of_its_own():
    """Hours without work, and then much of it in half a minute: what grows there is seen closely."""
    mine = Mine()
    for number in range(2000):
        busy = number >= 1000
        mine.read(b"INFO stored key=%d\n" % number * (20 if busy else 1))
        mine.tick(100.0 * min(number, 1000) + max(number - 1000, 0) / 32, 10.0)
    assert sum(uptime_s > 100_000 for uptime_s in mine.courses().uptime_s) > 40


@pytest.mark.parametrize("intervals", [127, 128, 300, 4400])
def test_where_collections_are_spaced_evenly_each_bin_has_as_many(intervals):
    """Whether there is text or not."""
    mine = Mine()
    mine.read(b"INFO started\n" * 1000)
    for number in range(intervals):
        mine.tick(number / 100, 10.0)
    assert len(set(mine.courses().collections)) == 1
