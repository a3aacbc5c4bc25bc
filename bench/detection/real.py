"""Our verdicts over logs of real Go programs, beside what their authors know about them.

    PYTHONPATH=src python bench/detection/real.py samples/logs/index.json [more/index.json …]

An index names its logs and the processes in them; a process tells whether it leaks, since when, and how it ended.
Without a limit a verdict must do without it, so every log is judged twice where one is known.
"""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gctail.detectors import Carryover, Judge, Moment
from gctail.golang.pacer import PacerView
from gctail.parsing.gctrace import parse_gctrace
from gctail.records import GcCycle, Verdict

MIB = 2**20


def text_of(path: Path) -> bytes:
    """The log, decompressed by the ending of its name."""
    match path.suffix:
        case ".gz":
            return gzip.decompress(path.read_bytes())
        case ".bz2":
            return bz2.decompress(path.read_bytes())
        case ".xz":
            return lzma.decompress(path.read_bytes())
        case ".zst":
            import zstandard

            return zstandard.ZstdDecompressor().stream_reader(path.open("rb")).read()
    return path.read_bytes()


def cycles_of(text: bytes) -> Iterator[GcCycle]:
    """The collections of a log; torn lines are left out."""
    for line in text.splitlines():
        begin = line.find(b"gc ")
        end = line.find(b" P", begin)
        if begin < 0 or end < 0:
            continue
        forced = line.startswith(b" (forced)", end + 2)
        cycle = parse_gctrace(line[begin : end + (11 if forced else 2)])
        if cycle is not None:
            yield cycle


def judged(cycles: list[GcCycle], limit_mib: float | None, ended: str) -> tuple[Verdict, list[tuple[float, str, str]]]:
    """The verdict on the last epoch, and the signals of all: (uptime, kind, phase); `ended` is how the last one did."""
    judge, memory, view, number = Judge(limit_mib), Carryover(), PacerView(), 0
    told: list[tuple[float, str, str]] = []
    for cycle in cycles:
        if cycle.number <= number:
            memory = judge.close(died=False, cause=None)
            judge, view = Judge(limit_mib, memory), PacerView()
        number = cycle.number
        clock_s = cycle.uptime_s if cycle.uptime_s is not None else float(number)
        signals = judge.observe(Moment(cycle, view.observe(cycle, clock_s), clock_s))
        told += [(round(clock_s, 1), signal.kind, signal.phase) for signal in signals]
    if "memory" in ended:
        judge.close(died=True, cause=ended)
    return judge.verdict(), told


def row(entry: dict[str, Any], folder: Path) -> str | None:
    """One line of the table; None where the log holds more than one service, which takes the whole program."""
    if len({process["service"] for process in entry["processes"]}) != 1:
        return None
    process = entry["processes"][-1]
    cycles = list(cycles_of(text_of(folder / entry["file"])))
    if not cycles:
        return None
    ended = process.get("ended") or ""
    limit = entry["memory_limit_bytes"] or entry["address_space_limit_bytes"]
    blind, _ = judged(cycles, None, ended)
    verdict, told = judged(cycles, limit / MIB if limit else None, ended)
    first = next((clock_s for clock_s, kind, _ in told if kind == "leak"), None)
    kinds = sorted({kind for _, kind, _ in told})
    right = "yes" if verdict.leak == process["leak"] else "**no**"
    right_blind = "yes" if blind.leak == process["leak"] else "**no**"
    onset = "" if verdict.onset_uptime_s is None else f"{verdict.onset_uptime_s:.0f} s"
    truth = process.get("onset_uptime_s")
    return (
        f"| {entry['file']} | {len(cycles)} | {process['verdict']} | {verdict.kind} {verdict.probability:.2f} | "
        f"{right} | {blind.kind} {blind.probability:.2f} | {right_blind} | "
        f"{'' if truth is None else f'{truth:.0f} s'} | {onset} | "
        f"{'' if first is None else f'{first:.0f} s'} | {cycles[-1].uptime_s or 0:.0f} s | {', '.join(kinds)} |"
    )


def main(indexes: list[str]) -> None:
    """Print the table."""
    print(
        "| log | collections | truth | verdict | right | without limit | right | onset | ours | told | ends | signals |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|---|---|")
    for index in indexes:
        for entry in json.loads(Path(index).read_text()):
            shown = row(entry, Path(index).parent)
            if shown is not None:
                print(shown)


if __name__ == "__main__":
    main(sys.argv[1:] or ["samples/logs/index.json"])
