"""Two runs compared: what changed is found, what did not is let alone, and what cannot be told is called so."""

import json
import random

import pytest

from gctail.cli import main
from gctail.runs.difference import BETTER, SAME, UNSURE, WORSE, differences
from gctail.traces import Bin


@pytest.fixture
def samples(root):
    return root / "samples" / "logs"


def run_of(chance, *, live=100.0, growth=0.0, pause_ms=0.2, rate=50.0, count=300):
    """A process that collects once a second, a little different every time."""
    bins = []
    for at in range(count):
        now = max(1, int(chance.gauss(live + growth * at, 2)))
        pause = max(0.01, chance.gauss(pause_ms, pause_ms / 5))
        allocated = max(1.0, chance.gauss(rate, rate / 10))
        bins.append(
            Bin(float(at), None, 0, at + 1, 1, 2 * now, 2 * now, now, now, 2 * now, 1, 0, pause, pause, allocated,
                max(0.001, chance.gauss(0.02, 0.004)), 1.0, 0)
        )  # fmt: skip
    return bins


def named(changes):
    return {each.name: each for each in changes}


def test_a_run_is_no_different_from_another_of_the_same_kind():
    chance = random.Random(1)  # noqa: S311  (the same chance every time)
    told = [each for _ in range(40) for each in differences(run_of(chance), run_of(chance))]
    wrong = [each for each in told if each.verdict in {WORSE, BETTER}]
    assert len(wrong) / len(told) < 0.02, wrong


def test_what_got_worse_and_what_got_better_are_named():
    chance = random.Random(2)  # noqa: S311
    changes = named(differences(run_of(chance, rate=50), run_of(chance, live=130, rate=30)))
    assert changes["live heap"].verdict == WORSE
    assert changes["live heap"].change == pytest.approx(0.3, abs=0.05)
    assert changes["allocation"].verdict == BETTER
    assert changes["mean pause"].verdict == SAME


def test_what_is_much_higher_but_wavers_is_unsure_and_not_the_same():
    """One long stop among short ones: the mean is thrice what it was, and nothing proves that it is the program."""
    chance = random.Random(5)  # noqa: S311
    stopped = run_of(chance)
    stopped[200].pause_max_ms = stopped[200].pause_sum_ms = 120.0
    change = named(differences(run_of(chance), stopped))["mean pause"]
    assert change.change > 1
    assert change.verdict == UNSURE


def test_a_leak_that_is_new_is_found_by_its_slope():
    chance = random.Random(3)  # noqa: S311
    changes = named(differences(run_of(chance), run_of(chance, growth=0.05)))
    assert changes["growth of live"].verdict == WORSE
    assert changes["growth of live"].after == pytest.approx(3.0, abs=0.5)


def test_only_as_long_a_time_of_both_is_compared():
    chance = random.Random(4)  # noqa: S311
    changes = named(differences(run_of(chance, growth=0.1), run_of(chance, growth=0.1, count=1200)))
    assert changes["live heap"].verdict == SAME


def test_two_logs_at_the_command_line(capsys, samples):
    logs = [str(samples / "unbounded-map-go1.23.log.gz"), str(samples / "unbounded-map-go1.27.log")]
    assert main(["diff", *logs]) == 0
    told = capsys.readouterr().out
    assert "growth of live" in told
    assert main(["diff", *logs, "--output", "json"]) == 0
    changes = json.loads(capsys.readouterr().out)["changes"]
    assert {each["name"] for each in changes} >= {"live heap", "growth of live", "allocation", "mean pause"}


def test_a_worse_figure_fails_where_that_was_asked_for(capsys, samples):
    logs = [str(samples / "bounded-cache-go1.24.log.gz"), str(samples / "unbounded-map-go1.27.log")]
    assert main(["diff", *logs, "--fail-over", "1000000"]) == 0
    assert main(["diff", *logs, "--fail-over", "5"]) == 1
    capsys.readouterr()


@pytest.mark.parametrize(
    ("log", "says"),
    [("hello\n", "no garbage collections"), ("", "empty")],
)
def test_a_log_without_collections_is_named(capsys, samples, tmp_path, log, says):
    path = tmp_path / "b.log"
    path.write_text(log)
    assert main(["diff", str(samples / "unbounded-map-go1.27.log"), str(path)]) == 2
    told = capsys.readouterr().err
    assert says in told
    assert "b.log" in told


def test_a_run_that_is_too_short_is_not_compared(capsys, samples):
    assert main(["diff", str(samples / "unbounded-map-go1.27.log"), str(samples / "idle-go1.27.log")]) == 2
    assert "collections after the warm-up in both" in capsys.readouterr().err
