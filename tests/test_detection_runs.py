"""The recorded runs of the detection benchmark: all there, small, readable, and as many collections as were counted."""

import importlib.util
import json
import lzma
import re
import sys
from hashlib import blake2b
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

DETECTION = Path(__file__).parent.parent / "bench" / "detection"
RUNS = DETECTION / "runs"
INDEX: list[dict[str, Any]] = json.loads((RUNS / "index.json").read_text())
KIB, MIB = 1 << 10, 1 << 20
ENDS = {"stopped", "killed", "go-out-of-memory"}

# gc 2 @0.4s 0%: 0.3+10+0.05 ms clock, 0.6+0/1.0/9+0.01 ms cpu, 4->4->3 MB, 4 MB goal, 0 MB stacks, 0 MB globals, 2 P
WHOLE_GC_LINE = re.compile(
    rb"gc \d++ @[\d.]++s \d++%: [\d.+]++ ms clock, [\d.+/]++ ms cpu, \d++->\d++->\d++ MB, "
    rb"\d++ MB goal, \d++ MB stacks, \d++ MB globals, \d++ P"
)


@pytest.fixture(scope="module")
def recorded() -> ModuleType:
    """bench/detection/recorded.py, which is no part of the package; its neighbours need numpy."""
    spec = importlib.util.spec_from_file_location("recorded", DETECTION / "recorded.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["recorded"] = module
    before = list(sys.path)
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path[:] = before
    return module


def test_the_index_names_every_run_and_no_other() -> None:
    """A run without its truth judges nobody."""
    assert sorted([*(run["file"] for run in INDEX), "index.json"]) == sorted(path.name for path in RUNS.iterdir())


def test_the_runs_are_small() -> None:
    """Everybody who clones the project gets them."""
    sizes = [path.stat().st_size for path in RUNS.glob("*.log.xz")]
    assert max(sizes) <= 40 * KIB
    assert sum(path.stat().st_size for path in RUNS.iterdir()) <= 6 * MIB


def test_every_scenario_was_run_under_two_releases_of_go_or_more() -> None:
    """What holds for one collector, or one kind of map, may not hold for the next."""
    releases: dict[str, set[str]] = {}
    for run in INDEX:
        releases.setdefault(run["scenario"], set()).add(run["go"])
    assert [name for name, found in releases.items() if len(found) < 2] == []
    assert len(releases) >= 40


def test_every_leak_that_has_a_twin_has_it_from_the_same_seed_and_release() -> None:
    """Only so do they share everything until the twin's growth ends."""
    ways = {(run["scenario"], run["seed"], run["go"]) for run in INDEX}
    twins = [run for run in INDEX if run["twin_of"]]
    assert [run["file"] for run in twins if (run["twin_of"], run["seed"], run["go"]) not in ways] == []
    limits = {(run["scenario"], run["seed"], run["go"]): run["limit_mib"] for run in INDEX}
    for twin in twins:
        assert not twin["leak"]
        assert twin["limit_mib"] >= limits[twin["twin_of"], twin["seed"], twin["go"]]


def test_the_parts_for_tuning_and_for_test_share_no_scenario() -> None:
    """They are chosen by the scenario's name, and a twin goes with its leak."""
    for run in INDEX:
        name = run["twin_of"] or run["scenario"]
        assert run["part"] == ("test" if blake2b(name.encode()).digest()[0] & 1 else "dev")
    assert {run["part"] for run in INDEX if run["leak"]} == {"test", "dev"} == {run["part"] for run in INDEX}


def test_benign_runs_come_near_their_limit_and_never_meet_it() -> None:
    """A generous limit flatters every rule that looks at the distance to it."""
    for run in INDEX:
        if not run["leak"]:
            assert run["peak_mib"] <= 0.98 * run["limit_mib"]
            assert run["peak_mib"] >= 0.3 * run["limit_mib"]
            assert run["limit_met_s"] is None


@pytest.mark.parametrize("part", ["dev", "test"])
def test_a_run_holds_the_bytes_and_the_collections_that_the_index_counts(part: str) -> None:
    """Every log decompresses; what is whole and what is torn adds up to what the runtime counted."""
    for run in INDEX:
        if run["part"] != part:
            continue
        log = lzma.decompress((RUNS / run["file"]).read_bytes())
        assert (len(log), log.count(b"\n")) == (run["bytes"], run["lines"]), run["file"]
        assert len(WHOLE_GC_LINE.findall(log)) == run["gc_lines"], run["file"]
        counted = sum(process["collections"] for process in run["processes"])
        assert counted == run["gc_lines"] + run["torn_gc_lines"], run["file"]
        assert {process["ended"] for process in run["processes"]} <= ENDS


def test_our_own_reader_finds_every_collection_of_a_run(recorded: ModuleType) -> None:
    """Process by process, torn lines too; every fifth run, for time's sake."""
    for label in recorded.labels()[::5]:
        epochs = recorded.epochs_of(RUNS / label.file)
        assert [len(epoch) for epoch in epochs] == [process.collections for process in label.processes], label.file
        assert all(
            cycle.uptime_s <= process.uptime_s + 0.5
            for epoch, process in zip(epochs, label.processes, strict=True)
            for _, cycle in epoch
        )


def test_a_run_becomes_a_series_with_its_label(recorded: ModuleType) -> None:
    """What the benchmark takes: times in seconds since the first process, and no onset where nothing leaks."""
    for run, label in list(recorded.labelled("dev"))[::20]:
        assert run.leak is label.leak
        assert (run.onset_s is None) is not run.leak
        assert len(run.epochs) == len(run.starts_s)
        assert run.days > 0.5


def test_a_simulated_leak_dies_between_two_collections(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its last goal is over the limit, its last heap is not: a goal that is too high kills nobody by itself."""
    monkeypatch.syspath_prepend(str(DETECTION))
    run = importlib.import_module("scenarios").series("leak-fast", 3)
    [cycles] = run.epochs
    last_s, last = cycles[-1]
    heaps = [cycle.heap_end_mib for _, cycle in cycles]
    assert run.death_s > last_s
    assert max(heaps) < run.limit_mib < 2 * last.heap_marked_mib * 1.04
    assert run.death_s - last_s < 3 * (last_s - cycles[-2][0])
