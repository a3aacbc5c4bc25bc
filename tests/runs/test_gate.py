"""The gate: what it measures is as sure as it says, and it never passes what it could not have seen."""

import json
import random

import pytest

from gctail.cli import main
from gctail.runs.soak import slope_of
from gctail.traces import Bin


@pytest.fixture
def samples(root):
    return root / "samples" / "logs"


def run_of(lives, every_s=1.0):
    """A process that collects at an even pace; the runtime cuts what it prints to whole MiB."""
    return [
        Bin(at * every_s, None, 0, at + 1, 1, int(live) * 2, int(live) * 2, int(live), int(live), int(live) * 2,
            0, 0, 0.1, 0.1, live, 0.01, every_s, 0)
        for at, live in enumerate(lives)
    ]  # fmt: skip


def wavering(chance, rate, *, remembers=0.7, sway=3.0, count=400):
    """A heap on a straight line with errors that remember the ones before them."""
    error, lives = 0.0, []
    for at in range(count):
        error = remembers * error + chance.gauss(0, sway)
        lives.append(200 + rate * at + error)
    return run_of(lives)


def test_a_growth_is_surer_than_95_percent_in_95_of_100_runs():
    chance = random.Random(1)  # noqa: S311  (the same chance every time)
    slopes = [slope_of(wavering(chance, 0.02)) for _ in range(300)]
    above = sum(each.low > 0.02 for each in slopes)
    below = sum(each.high < 0.02 for each in slopes)
    assert above / 300 < 0.09
    assert below / 300 < 0.09


def test_a_growth_that_is_called_detectable_is_mostly_seen_and_half_of_it_mostly_not():
    chance = random.Random(2)  # noqa: S311  (the same chance every time)
    detectable = sorted(slope_of(wavering(chance, 0.0)).detectable for _ in range(100))[50]
    seen = sum(slope_of(wavering(chance, detectable)).low > 0 for _ in range(200)) / 200
    half = sum(slope_of(wavering(chance, detectable / 2)).low > 0 for _ in range(200)) / 200
    assert seen > 0.65
    assert half < seen - 0.2


def test_a_heap_that_never_moves_is_still_not_known_better_than_the_runtime_prints_it():
    slope = slope_of(run_of([100.0] * 400))
    assert slope.rate == 0
    assert slope.detectable > 0


def test_four_times_the_time_shows_an_eighth_of_the_growth():
    chance = random.Random(3)  # noqa: S311  (the same chance every time)
    short = [slope_of(wavering(chance, 0.0, count=400)).detectable for _ in range(60)]
    long = [slope_of(wavering(chance, 0.0, count=1600)).detectable for _ in range(60)]
    assert sorted(short)[30] / sorted(long)[30] == pytest.approx(8, rel=0.4)
    slope = slope_of(wavering(chance, 0.0))
    assert slope.seconds_to_show(slope.detectable / 8) == pytest.approx(4 * slope.span_s)


def test_too_few_collections_say_nothing():
    assert slope_of(run_of([10.0, 11.0, 12.0])) is None
    assert slope_of([]) is None


def test_a_leak_fails_and_a_full_cache_passes(capsys, samples):
    assert main(["gate", str(samples / "unbounded-map-go1.27.log")]) == 1
    assert capsys.readouterr().out.startswith("FAIL unbounded-map-go1.27: it ")
    assert main(["gate", str(samples / "bounded-cache-go1.24.log.gz")]) == 0
    assert "would most likely not have shown" in capsys.readouterr().out


def test_a_run_that_could_not_have_shown_the_growth_is_undecided_and_fails(capsys, samples):
    call = ["gate", str(samples / "load-waves-go1.25.log.bz2"), "--max-growth", "1MiB/h"]
    assert main(call) == 1
    told = capsys.readouterr().out
    assert told.startswith("UNDECIDED")
    assert "it has to run for" in told
    assert main([*call, "--pass-undecided"]) == 0


def test_a_growth_beyond_what_is_allowed_fails(capsys, tmp_path):
    log = tmp_path / "soak.log"
    lines = [
        f"gc {n} @{n}.000s 1%: 0.1+1.0+0.1 ms clock, 0.2+0.1/1.0/0.5+0.2 ms cpu,"
        f" {2 * live}->{2 * live}->{live} MB, {2 * live} MB goal, 0 MB stacks, 0 MB globals, 4 P\n"
        for n, live in ((n, 300 - n % 2 - (n < 60) * (60 - n)) for n in range(1, 300))
    ]
    log.write_text("".join(lines))
    assert main(["gate", str(log), "--max-growth", "100KiB/min", "--warm-up", "1m"]) == 0, capsys.readouterr()
    assert main(["gate", str(log), "--max-growth", "100KiB/min", "--warm-up", "0s"]) == 1


def test_json_has_the_growth_and_what_would_have_shown(capsys, samples):
    assert main(["gate", str(samples / "bounded-cache-go1.24.log.gz"), "--output", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["passed"] is True
    (service,) = told["services"]
    assert service["result"] == "pass"
    assert service["slope"]["detectable"] > 0


@pytest.mark.parametrize(
    ("option", "says"),
    [
        (["--max-growth", "5MiB"], "no size per time; write it like 5MiB/h"),
        (["--max-growth", "5MiB/fortnight"], "no size per time"),
        (["--max-growth", "much/h"], "--max-growth much"),
        (["--warm-up", "soon"], "--warm-up soon"),
    ],
)
def test_a_rate_that_makes_no_sense_is_refused(capsys, samples, option, says):
    assert main(["gate", str(samples / "bounded-cache-go1.24.log.gz"), *option]) == 2
    assert says in capsys.readouterr().err


def test_a_log_without_collections_does_not_pass(capsys, tmp_path):
    log = tmp_path / "a.log"
    log.write_text("hello\n")
    assert main(["gate", str(log)]) == 2
    assert "no garbage collections" in capsys.readouterr().err
