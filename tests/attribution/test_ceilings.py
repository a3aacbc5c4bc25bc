"""A size that fills up to a ceiling which the log declares ends there."""

from math import inf

import pytest

from gctail.attribution import testimony as log
from gctail.attribution.ceilings import ceiling
from gctail.detectors.values import Inquiry
from gctail.templates.courses import Courses
from gctail.templates.mine import Mine

LINES = (
    'level=INFO msg="cache put" key=k{at} size={size} max=1000',
    '{{"msg":"entry stored","entries":{size},"capacity":1000}}',
    "cache now {size}/1000 entries",
    "indexed {size} of 1000 documents",
    "stored in lru (len {size}, cap 1000)",
)


def heard(line: str, seconds: int = 100, *, each: float = 4.0, mib: float = 0.1) -> Courses:
    """So many seconds of a line each, whose size rises by `each`, which keeps `mib` for each."""
    mine = Mine()
    for at in range(1, seconds + 1):
        mine.read(f"{line.format(at=at, size=int(each * at))}\n".encode())
        mine.tick(float(at), 30.0 + mib * int(each * at))
    return mine.courses()


@pytest.mark.parametrize("line", LINES)
def test_a_declared_ceiling_is_found_in_fields_and_in_prose(line: str) -> None:
    """Six hundred of a thousand are missing, a tenth of a MiB each."""
    found = ceiling(heard(line), 0.0, inf)
    assert found is not None
    assert found.share == pytest.approx(0.4, abs=0.01)
    assert found.left_mib == pytest.approx(60, rel=0.05)


@pytest.mark.parametrize(("each", "mib_left"), [(-6, 40), (-10, 0), (-1, None), (2, None)])
def test_what_counts_down_has_its_ceiling_where_nothing_is_left(each: int, mib_left: float | None) -> None:
    """Of a thousand segments; a countdown that has hardly begun may be a date far off, what rises is none."""
    mine = Mine()
    for at in range(1, 101):
        mine.read(f'{{"msg":"segment replayed","segment":"wal-{at:05}","left":{1000 + each * at}}}\n'.encode())
        mine.tick(float(at), 30.0 + 0.1 * abs(each) * at)
    found = ceiling(mine.courses(), 0.0, inf)
    assert (found and found.left_mib) == (mib_left and pytest.approx(mib_left, rel=0.05))


def test_growth_to_a_ceiling_is_believed_less_and_says_why() -> None:
    """Something else may grow beside it, so it is not believed in the least."""
    said = log.testimony(heard(LINES[0]), Inquiry(0.0, 30.0, 0.5))
    assert said is not None
    assert said.belief < 0.2
    assert "40% full" in said.ends
    assert not said.is_full


def test_a_ceiling_that_lies_beyond_the_limit_saves_nobody() -> None:
    """There is room for half of what is missing."""
    assert ceiling(heard(LINES[0]), 0.0, 30.0) is None


@pytest.mark.parametrize(
    "line",
    [
        "memory heap={size} limit=1000",
        "request {at} attempt=3 max=1000",
        'msg="cache put" size={size} ttl=1000',
        "batch seq={size} of=1000",
    ],
)
def test_what_is_no_size_with_a_ceiling_is_none(line: str) -> None:
    """The memory itself under its limit; a number that stays; a number that is no ceiling; a count of what was done."""
    assert ceiling(heard(line), 0.0, inf) is None


def test_a_size_that_went_on_beyond_its_ceiling_has_none() -> None:
    """Whatever `max` means there."""
    assert ceiling(heard(LINES[0], each=12.0), 0.0, inf) is None
