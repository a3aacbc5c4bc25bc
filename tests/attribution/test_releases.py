"""A line that comes once for each thing that is stored, from some time on, tells that a cache is full."""

import random
from pathlib import Path

import pytest

from gctail.attribution.releases import full
from gctail.engine import Engine
from gctail.records import Verdict
from gctail.runners.local import Reading
from gctail.templates.mine import Mine

STORED, MIB = 8, 0.1


def played(tmp_path: Path, *, fills_s: int, end_s: int, leaks: bool = False, told: str = "evicted img") -> Path:
    """Eight pictures a second are stored for ever, of which each keeps 0.1 MiB, until something leaves for each.

    It collects every other second. With `leaks` what is said to leave stays.
    """
    dice, path, kept, number = random.Random(1), tmp_path / "img.log", 20.0, 0  # noqa: S311 - a repeatable log
    with path.open("w") as log:
        for second in range(1, end_s + 1):
            for _ in range(STORED + dice.randrange(5)):
                number += 1
                log.write(f'level=INFO msg="stored img" img=i{number:06}\n')
                is_full = second > fills_s
                kept += MIB if leaks or not is_full else 0.0
                log.write(f'level=DEBUG msg="{told}" img=i{number - 500:06}\n' if is_full else "")
                log.write(f'level=INFO msg="served img" img=i{dice.randrange(1, number + 1):06}\n')
            if second % 2 == 0:
                live = int(kept + dice.random())
                log.write(
                    f"gc {second // 2} @{second}.000s 1%: 0.1+1.0+0.1 ms clock, 0.2+0.1/0.5/0.1+0.2 ms cpu, "
                    f"{2 * live}->{2 * live}->{live} MB, {2 * live + 2} MB goal, 0 MB stacks, 0 MB globals, 2 P\n"
                )
    return path


def verdict(path: Path) -> Verdict:
    engine = Engine()
    engine.mined.share = 1.0
    for events in Reading().files([str(path)]):
        for event in events:
            engine.observe(event)
    [service] = engine.services.values()
    _, found = service.judged()
    assert found is not None
    return found


def test_a_cache_that_says_what_leaves_it_is_full_before_the_heap_can_tell(tmp_path: Path) -> None:
    """Four seconds after 70 in which it filled in a line."""
    before = verdict(played(tmp_path, fills_s=70, end_s=70))
    assert before.leak
    assert before.probability > 0.7
    after = verdict(played(tmp_path, fills_s=70, end_s=74))
    assert not after.leak
    assert after.probability < 0.4
    assert after.kind == "bounded-cache"
    assert any('"evicted img' in each for each in after.why)


def test_a_leak_goes_on_whatever_is_said_to_leave(tmp_path: Path) -> None:
    """The heap has the last word."""
    found = verdict(played(tmp_path, fills_s=40, end_s=80, leaks=True))
    assert found.leak
    assert found.probability > 0.7


@pytest.mark.parametrize("rests", [True, False])
def test_a_new_line_that_goes_with_another_is_a_release_only_where_the_heap_rests(*, rests: bool) -> None:
    """Without a word for it: a new feature writes its line for every request, too."""
    mine, dice = Mine(), random.Random(2)  # noqa: S311 - a repeatable log
    for second in range(1, 101):
        count = dice.randrange(5, 15)
        mine.read(b"request served\n" * count + (b"feature computed\n" * count if second > 60 else b""))
        mine.tick(float(second), 30.0 + (min(second, 60) if rests else max(second, 60)))
    assert (full(mine.courses(), 0.5) is not None) is rests


def test_what_begins_on_its_own_tells_nothing() -> None:
    """As many lines on the mean, but not with any other."""
    mine, dice = Mine(), random.Random(3)  # noqa: S311 - a repeatable log
    for second in range(1, 101):
        mine.read(b"request served\n" * dice.randrange(5, 15))
        mine.read(b"message dropped\n" * dice.randrange(5, 15) if second > 60 else b"")
        mine.tick(float(second), 30.0 + min(second, 60))
    assert full(mine.courses(), 0.5) is None


def test_where_all_lines_are_empty_nothing_is_full() -> None:
    mine = Mine()
    for second in range(100):
        mine.read(b"\n")
        mine.tick(float(second), 20.0 + second)
    assert mine.courses().templates == ()
    assert full(mine.courses(), 1.0) is None
