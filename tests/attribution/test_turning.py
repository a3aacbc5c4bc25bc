"""What changed in a log when a growth began: a cleaner that came no more, an error that came for the first time."""

import pytest

from gctail.attribution.turning import turned
from gctail.attribution.usual import Usual
from gctail.templates.mine import Mine


def course(lines, seconds=120):
    """What is told at 50 s of a process whose log has `lines(second)`, with a collection every second."""
    mine = Mine()
    for second in range(1, seconds + 1):
        mine.read("".join(f"{line}\n" for line in ["level=debug msg=tick", *lines(second)]).encode())
        mine.tick(float(second), 10.0 + max(0, second - 50))
    return turned(Usual(mine, 0.0), 50.0)


def test_a_cleaner_that_came_no_more_is_told_with_the_error_that_ended_it():
    def lines(second):
        if second == 48:
            return ['level=error msg="janitor: recovered" err=nil']
        return ['level=debug msg="cache swept" gone=3'] if second < 48 and second % 2 == 0 else []

    assert course(lines) == (
        '"janitor: recovered" (error) came for the first time; "cache swept" came no more, 31 times a minute before'
    )


@pytest.mark.parametrize(
    "lines",
    [
        lambda second: ["level=info msg=swept"] if second % 2 == 0 else [],
        lambda second: ["level=info msg=starting"] if second < 5 else [],
        lambda second: ['level=info msg="nightly batch"'] if second in {10, 48} else [],
        lambda second: ["level=info msg=batch"] * 9 if second in {1, 20, 45} else [],
        lambda second: ["level=info msg=swept"] if second < 90 else [],
        lambda second: ["level=error msg=refused"] if second % 9 == 0 else [],
        lambda second: ['level=info msg="order placed"'] if second >= 49 else [],
    ],
    ids=["goes on", "long over", "seldom", "in batches", "ended later", "errors from the start", "a new kind of work"],
)
def test_what_goes_on_or_ended_at_another_time_is_not_told(lines):
    """Nor what is seldom enough to be missing by chance; what is new and no warning is told by the suspects."""
    assert course(lines) == ""


def test_a_growth_from_the_start_has_no_before():
    mine = Mine()
    for second in range(1, 60):
        mine.read(b"level=error msg=refused\n")
        mine.tick(float(second), float(second))
    assert turned(Usual(mine, 0.0), 2.0) == ""
    assert turned(None, 30.0) == ""
