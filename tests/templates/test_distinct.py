"""Different keys are counted in little memory, exactly at first and closely ever after."""

import sys

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gctail.templates.distinct import BITS, EXACT, Distinct

FORMS = {"counting up": b"%d", "padded": b"%08d", "named": b"uid_%d", "scattered": b"%x"}


def counted(keys, batch=250):
    """How many different ones there are of these, taken in by batches."""
    distinct = Distinct()
    new = [distinct.add(keys[at : at + batch], lambda _: 1, float(at)) for at in range(0, len(keys), batch)]
    return distinct, new


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("count", [100, 5_000, 200_000])
def test_the_count_is_right_within_a_few_percent_however_many_there_are(form, count):
    """And what was new in each batch adds up to it."""
    keys = [form % (number * 7919 if form == b"%x" else number) for number in range(count)]
    distinct, new = counted(keys)
    assert distinct.count == pytest.approx(count, rel=0.05)
    assert sum(new) == pytest.approx(distinct.count)


def test_so_few_keys_are_counted_exactly_and_all_kept_by_name():
    """With how often each came, and when first and last."""
    distinct, _ = counted([b"k%d" % number for number in range(EXACT)])
    distinct.add([b"k3"], lambda _: 4, 9.0)
    assert (distinct.count, sorted(distinct.keys)) == (EXACT, sorted(b"k%d" % number for number in range(EXACT)))
    place = distinct.keys.index(b"k3")
    assert (distinct.counts[place], distinct.first_s[place], distinct.last_s[place]) == (5, 0.0, 9.0)
    assert distinct.once == pytest.approx(1 - 1 / EXACT)


def test_keys_that_come_again_are_not_new():
    """Whether they are kept by name or have left a bit."""
    keys = [b"user%d" % number for number in range(3000)]
    distinct, _ = counted(keys)
    assert sum(distinct.add(keys[at : at + 250], lambda _: 1, 1.0) for at in range(0, 3000, 250)) < 3000 * 0.02
    assert distinct.once == 0.0


def test_memory_does_not_grow_with_the_number_of_keys():
    """A few KiB, after thirty keys and after a million."""
    distinct, _ = counted([b"%d" % number for number in range(1_000_000)], batch=5000)
    held = sum(
        map(sys.getsizeof, (*distinct.keys, distinct.hashes, distinct.counts, distinct.first_s, distinct.last_s))
    )
    held += sum(sys.getsizeof(level.bits) + sys.getsizeof(level.places) for level in distinct.levels)
    assert held < 7 * BITS // 8 + 3 * 1024
    assert distinct.count == pytest.approx(1_000_000, rel=0.05)


@settings(deadline=None, max_examples=40)
@given(st.lists(st.sets(st.integers(0, 400), min_size=1), min_size=1, max_size=6), st.integers(0, 5))
def test_what_was_saved_and_restored_goes_on_exactly(batches, stop):
    """As JSON."""
    straight, saved = Distinct(), Distinct()
    for number, batch in enumerate(batches):
        keys = [b"%d" % key for key in sorted(batch)]
        assert straight.add(keys, lambda _: 1, 1.0) == saved.add(keys, lambda _: 1, 1.0)
        if number == stop:
            saved = Distinct.restore(orjson.loads(orjson.dumps(saved.state())))
    assert saved.state() == straight.state()


@settings(deadline=None, max_examples=40)
@given(st.sets(st.integers(0, 3000)), st.sets(st.integers(0, 3000)))
def test_two_slots_that_turn_out_to_be_one_have_the_keys_of_both(some, others):
    """Each key counted once."""
    ours, _ = counted([b"%d" % key for key in sorted(some)])
    theirs, _ = counted([b"%d" % key for key in sorted(others)])
    ours.take(theirs)
    assert ours.count == pytest.approx(len(some | others), rel=0.08, abs=1)
    assert set(ours.keys) <= {b"%d" % key for key in some | others}
