"""What the log says of a growth: a pause of its lines is a pause, lines that go on without it are a full cache."""

import json
import random
from collections.abc import Callable
from math import exp
from pathlib import Path

import pytest

from gctail.engine import Engine
from gctail.records import Finding, Verdict
from gctail.runners.local import Reading

SECONDS = 100


def played(
    tmp_path: Path,
    exports: Callable[[float], float],
    most: float = 1e9,
    *,
    left: Callable[[float], float] = lambda kept: kept,
) -> Path:
    """A service that serves 20 requests a second, of which so many are exports; an export keeps 0.25 MiB, up to `most`.

    Of that so much is `left`. It collects once a second.
    """
    dice, kept, number, path = random.Random(1), 0.0, 0, tmp_path / "shop.log"  # noqa: S311 - a repeatable log
    with path.open("w") as log:
        for second in range(1, SECONDS + 1):
            for _ in range(20):
                number += 1
                if dice.random() < exports(second):
                    kept = min(kept + 0.25, most)
                    log.write(f'level=INFO msg="export prepared" export=e{number:06}\n')
                else:
                    log.write(f'level=INFO msg="page served" page=/p/{dice.randrange(40)}\n')
            live = int(30 + left(kept) + dice.random())
            log.write(
                f"gc {second} @{second}.000s 1%: 0.1+1.0+0.1 ms clock, 0.2+0.1/0.5/0.1+0.2 ms cpu, "
                f"{2 * live}->{2 * live}->{live} MB, {2 * live + 2} MB goal, 0 MB stacks, 0 MB globals, 2 P\n"
            )
    return path


def judged(path: Path, *, mining: float = 1.0, restored: bool = False) -> tuple[Verdict, list[Finding]]:
    """The verdict and all findings of a log; `restored` saves and loads every service after every batch of events."""
    engine, findings = Engine(), []
    engine.mined.share = mining
    for events in Reading().files([str(path)]):
        for at, event in enumerate(events):
            seen = engine.observe(event)
            findings += seen.findings if seen is not None else ()
            if restored and at % 50 == 0:
                for service in list(engine.services.values()):
                    engine.adopt(type(service).restore(json.loads(json.dumps(service.state()))))
    [service] = engine.services.values()
    _, verdict = service.judged()
    assert verdict is not None
    return verdict, [*findings, *engine.conclude()]


def now_and_then(second: float) -> float:
    """Two thirds of the time hardly any exports."""
    return 0.3 if second % 45 < 15 else 0.01


def test_a_leak_that_waits_for_its_lines_is_no_full_cache(tmp_path):
    path = played(tmp_path, lambda second: 0.3 if second < 30 or second > 90 else 0.02)
    assert not judged(path, mining=0.0)[0].leak
    verdict, _ = judged(path)
    assert verdict.leak
    assert any('it paused when "export prepared" did' in reason for reason in verdict.why)


def test_a_cache_that_is_full_while_its_lines_go_on_is_no_leak(tmp_path):
    verdict, findings = judged(played(tmp_path, lambda _: 0.15, most=20.0))
    assert verdict.probability < 0.1
    assert not [finding for finding in findings if finding.kind == "leak" and finding.uptime_s > 80]


def test_lines_that_have_come_to_an_end_took_the_growth_with_them(tmp_path):
    verdict, _ = judged(played(tmp_path, lambda second: 0.3 if second < 45 else 0.0))
    assert verdict.probability < 0.1


@pytest.mark.parametrize(("endless", "least", "most"), [(0.5, 0.5, 1.0), (0.0, 0.0, 0.1)])
def test_a_cache_that_fills_beside_a_leak_of_the_same_line_bends_it_and_ends_nothing(tmp_path, endless, least, most):
    """As addresses that come back, and new ones: by the line, as by the clock, it bends, and goes on."""
    path = played(
        tmp_path,
        lambda second: 0.3 if second % 30 < 15 else 0.1,
        left=lambda kept: 20.0 * (1.0 - exp(-kept / 30.0)) + endless * kept,
    )
    assert least <= judged(path)[0].probability <= most


@pytest.mark.parametrize("exports", [now_and_then, lambda _: 0.15])
def test_what_was_said_is_saved_and_restored(tmp_path, exports):
    """The findings are the same, byte for byte, wherever the service was put away in between."""
    path = played(tmp_path, exports)
    assert judged(path, restored=True) == judged(path)


def test_a_line_that_began_late_and_came_to_an_end_is_no_clock_that_goes_on(tmp_path):
    """Before it began it paused, too, but that pause says nothing of how long it may stand still now."""
    verdict, _ = judged(played(tmp_path, lambda second: 0.3 if 60 < second < 85 else 0.0))
    assert not verdict.leak


@pytest.mark.parametrize(("begun_s", "leaks"), [(96, False), (80, True)])
def test_a_line_that_has_just_come_for_the_first_time_may_be_that_of_a_job(tmp_path, begun_s, leaks):
    path = played(tmp_path, lambda second: 0.7 if second >= begun_s else 0.0)
    assert judged(path)[0].leak is leaks


def prepared(tmp_path: Path, most: int, seed: int, *, falls: bool = False) -> Path:
    """A service that prepares each of so many statements when it first comes, of 40 KiB; 0: every second one is new.

    It allocates 0.35 MiB for each of 32 queries a second, in the end a third of them where traffic falls, and collects
    when its heap has doubled.
    """
    dice, known, due, path = random.Random(seed), set[int](), 0.0, tmp_path / "db.log"  # noqa: S311 - a repeatable log
    number, live, room = 0, 4, 4.0
    with path.open("w") as log:
        for tenth in range(1, 10 * SECONDS + 1):
            due += 3.2 * (exp(-tenth / 900) if falls else 1.0)
            while due >= 1.0:
                due, room = due - 1.0, room - 0.35
                statement = dice.randrange(most or 2)
                if not most and statement:
                    statement = len(known)
                if statement not in known:
                    known.add(statement)
                    log.write(f'level=INFO msg="statement prepared" statement=s{statement * 7919 % 100003}\n')
                log.write(f'level=INFO msg="query done" rows={dice.randrange(90)}\n')
            if room <= 0.0:
                number, goal, live = number + 1, 2 * live, int(3 + len(known) * 40 / 1024 + 3 * dice.random())
                room = float(live)
                log.write(
                    f"gc {number} @{tenth / 10:.3f}s 1%: 0.1+1.0+0.1 ms clock, 0.2+0.1/0.5/0.1+0.2 ms cpu, "
                    f"{goal}->{goal}->{live} MB, {goal} MB goal, 0 MB stacks, 0 MB globals, 2 P\n"
                )
    return path


def test_a_finite_number_of_keys_dries_up_and_ends_what_they_keep(tmp_path):
    """Four of five are seen: those that are missing come ever more rarely, and the queries as before."""
    path = prepared(tmp_path, 2000, seed=4)
    assert judged(path, mining=0.0)[0].leak
    assert judged(path)[0].probability < 0.3


@pytest.mark.parametrize("falls", [False, True])
def test_keys_that_come_more_rarely_with_all_else_dry_up_by_nothing(tmp_path, falls):
    """No end of statements: what the log says of them takes nothing from the belief."""
    path = prepared(tmp_path, 0, seed=4, falls=falls)
    assert judged(path)[0].probability >= judged(path, mining=0.0)[0].probability


def cached(tmp_path: Path, most: int, *, lifetime_s: float = 1e9, elsewhere_mib: float = 0.0) -> Path:
    """A service that stores ten or eleven pictures of 0.04 MiB a second, and prints how many it has: up to `most`.

    Those that are older than `lifetime_s` go; beside them so much more is kept for each (MiB).
    """
    dice, stored, kept, path = random.Random(2), list[float](), 0.0, tmp_path / "pictures.log"  # noqa: S311
    with path.open("w") as log:
        for second in range(1, SECONDS + 1):
            for number in range(dice.choice((10, 10, 11))):
                stored = [*stored, float(second)][-most:]
                stored = [at for at in stored if second - at <= lifetime_s]
                kept += elsewhere_mib
                log.write(f'level=INFO msg="picture stored" name=p{second}x{number} entries={len(stored)}\n')
            live = int(30 + 0.04 * len(stored) + kept + 0.5 * dice.random())
            log.write(
                f"gc {second} @{second}.000s 1%: 0.1+1.0+0.1 ms clock, 0.2+0.1/0.5/0.1+0.2 ms cpu, "
                f"{2 * live}->{2 * live}->{live} MB, {2 * live + 2} MB goal, 0 MB stacks, 0 MB globals, 2 P\n"
            )
    return path


def test_a_cache_that_has_just_become_full_says_so_by_its_size(tmp_path):
    """For the last three of a hundred seconds the heap alone tells nothing: it grew for all the time before."""
    path = cached(tmp_path, 1000)
    assert judged(path, mining=0.0)[0].leak
    assert judged(path)[0].probability < 0.5


def test_a_size_that_goes_on_rising_acquits_nobody(tmp_path):
    path = cached(tmp_path, 10_000)
    assert judged(path)[0].probability >= judged(path, mining=0.0)[0].probability > 0.5


def test_a_cache_that_is_full_beside_a_leak_acquits_nobody(tmp_path):
    path = cached(tmp_path, 300, elsewhere_mib=0.05)
    assert judged(path)[0].leak


def test_a_queue_that_is_emptied_until_it_is_not_any_more_leaks(tmp_path):
    """Before the onset its few entries come and go: that is no size that falls back from what it rose to."""
    depth, path, dice = 0, tmp_path / "queue.log", random.Random(3)  # noqa: S311 - a repeatable log
    with path.open("w") as log:
        for second in range(1, SECONDS + 1):
            for _ in range(dice.choice((9, 10, 12))):
                depth = depth + 1 if second > 30 or depth < 3 else 0
                log.write(f'level=INFO msg="event enqueued" event={dice.getrandbits(40):x} depth={depth}\n')
            live = int(10 + 0.1 * depth + dice.random())
            log.write(
                f"gc {second} @{second}.000s 1%: 0.1+1.0+0.1 ms clock, 0.2+0.1/0.5/0.1+0.2 ms cpu, "
                f"{live + 40}->{live + 40}->{live} MB, {live + 42} MB goal, 0 MB stacks, 0 MB globals, 2 P\n"
            )
    assert judged(path)[0].probability >= judged(path, mining=0.0)[0].probability > 0.5


def test_a_judge_who_hears_of_a_full_cache_is_restored_exactly(tmp_path):
    path = cached(tmp_path, 960)
    assert judged(path, restored=True) == judged(path)
