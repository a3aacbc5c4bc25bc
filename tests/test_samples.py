"""The sample logs are what their index says: all there, small, readable, with as many collections as were counted."""

import bz2
import gzip
import json
import lzma
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import zstandard

LOGS = Path(__file__).parent.parent / "samples" / "logs"
INDEX: list[dict[str, Any]] = json.loads((LOGS / "index.json").read_text())
KIB, MIB = 1 << 10, 1 << 20

UNPACK: dict[str, Callable[[bytes], bytes]] = {
    ".log": bytes,
    ".gz": gzip.decompress,
    ".bz2": bz2.decompress,
    ".xz": lzma.decompress,
    ".zst": lambda packed: zstandard.ZstdDecompressor().decompressobj().decompress(packed),
}

# gc 2 @0.4s 0%: 0.3+10+0.05 ms clock, 0.6+0/1.0/9+0.01 ms cpu, 4->4->3 MB, 4 MB goal, 0 MB stacks, 0 MB globals, 2 P
WHOLE_GC_LINE = re.compile(
    rb"gc (\d++) @[\d.]++s \d++%: [\d.+]++ ms clock, [\d.+/]++ ms cpu, (\d++->\d++->\d++) MB, "
    rb"\d++ MB goal, \d++ MB stacks, \d++ MB globals, \d++ P"
)

every_sample = pytest.mark.parametrize("sample", INDEX, ids=[sample["file"] for sample in INDEX])


def unpacked(file: str) -> bytes:
    return UNPACK[Path(file).suffix]((LOGS / file).read_bytes())


def companions(sample: dict[str, Any]) -> list[str]:
    application_log: str | None = sample["application_log"]
    return [*sample["kernel_logs"], *([application_log] if application_log else [])]


def test_the_index_names_every_file_and_no_other() -> None:
    """A log without its truth is no sample, and a truth without its log helps nobody."""
    named = [name for sample in INDEX for name in [sample["file"], *companions(sample)]]
    assert sorted([*named, "index.json"]) == sorted(path.name for path in LOGS.iterdir())


def test_the_samples_are_small() -> None:
    """Everybody who clones the project gets them: 4 MiB in all, and the first one opens in any editor."""
    assert sum(path.stat().st_size for path in LOGS.iterdir()) <= 4 * MIB
    assert (LOGS / "unbounded-map-go1.27.log").stat().st_size <= 700 * KIB


def test_the_readme_tells_of_every_sample() -> None:
    """The table in samples/README.md has a row for each log."""
    readme = (LOGS.parent / "README.md").read_text()
    assert [sample["file"] for sample in INDEX if f"| `{sample['file']}` |" not in readme] == []


def test_some_samples_leak_and_some_only_look_like_it() -> None:
    """A detector that always cries, or never does, must fail on them."""
    processes = [process for sample in INDEX for process in sample["processes"]]
    assert sum(process["leak"] for process in processes) >= 10
    assert {process["verdict"] for process in processes} >= {"leak", "warm-up", "growth-with-load", "batch", "steady"}


@every_sample
def test_a_sample_holds_the_bytes_and_the_collections_that_the_index_counts(sample: dict[str, Any]) -> None:
    """Every log decompresses, and its gctrace lines were counted right; Docker writes > as an escape."""
    log = unpacked(sample["file"])
    assert len(log) == sample["bytes"]
    assert log.count(b"\n") == sample["lines"]
    assert len(WHOLE_GC_LINE.findall(log.replace(rb"\u003e", b">"))) == sample["gc_lines"]
    collections = sum(process["collections"] for process in sample["processes"])
    assert collections == sample["gc_lines"] + sample["torn_gc_lines"]
    assert sample["torn_gc_lines"] >= 0


@every_sample
def test_the_truth_about_a_process_is_whole(sample: dict[str, Any]) -> None:
    """A leak has a culprit, which the log names, and an onset; what does not leak has neither."""
    log = unpacked(sample["file"]).decode()
    for process in sample["processes"]:
        assert process["service"] in log
        assert process["leak"] == (process["verdict"] == "leak") == ("culprit" in process)
        assert process["leak"] == (process["onset_uptime_s"] is not None)
        if process["leak"]:
            assert log.count(process["culprit"]["message"]) >= 8


@every_sample
def test_a_killed_sample_shows_no_farewell_and_the_kernel_tells_of_it(sample: dict[str, Any]) -> None:
    """A process that ends by SIGTERM says so in its log; of one that was killed, only the kernel tells."""
    log = unpacked(sample["file"]).decode()
    endings = [process["ended"] for process in sample["processes"]]
    assert log.count("received signal, draining") == endings.count("sigterm")
    assert ("\nfatal error: out of memory\n" in log) == ("go-out-of-memory" in endings)
    assert ("\nSIGQUIT: quit\n" in log) == ("sigquit" in endings)
    for file in sample["kernel_logs"]:
        name = sample["processes"][0]["service"]
        kernel_log = (LOGS / file).read_text()
        assert f"{name} invoked oom-killer" in kernel_log.splitlines()[0]
        assert re.search(rf"Memory cgroup out of memory: Killed process \d+ \({name}\)", kernel_log)


def test_no_sample_shows_where_it_was_made() -> None:
    """The frames of dumps name files by their package, never by a folder of the machine that built the program."""
    for sample in INDEX:
        assert re.findall(rb"^\t/.*", unpacked(sample["file"]), re.MULTILINE) == []


def test_the_lines_between_torn_ones_are_known() -> None:
    """Every line of the application is in the torn log, in order, with pieces of gc lines before it at most."""
    torn = next(sample for sample in INDEX if sample["application_log"])
    log, here = unpacked(torn["file"]), 0
    lines = unpacked(torn["application_log"]).splitlines(keepends=True)
    assert len(lines) > 10_000
    for line in lines:
        found = log.index(line, here)
        assert found - here <= 400
        here = found + len(line)
    assert torn["torn_gc_lines"] >= 10
