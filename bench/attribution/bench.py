"""Whom the program accuses, over recorded runs of real Go programs whose culprits are known.

    PYTHONPATH=src python bench/attribution/bench.py                    # the runs of bench/detection, and our own
    PYTHONPATH=src python bench/attribution/bench.py --show misses      # with every run that is not right

A run is read as `gctail FILE --limit …` reads it. A culprit counts as found by its message. But for the weights of what
lines say of themselves, for which all runs were used, nothing was tuned on the part "test" of bench/detection/runs, nor
on the services in this folder: those were written when the tuning was done.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

from msgspec import Struct

sys.path.insert(0, str(Path(__file__).parent.parent / "detection"))

from recorded import RUNS, labels

from gctail.engine import Engine, report
from gctail.runners.local import Reading

HERE = Path(__file__).parent
CERTAIN = 0.01


class Run(Struct):
    """One run: what is known of it, and what was said. `culprits` is empty where the log has no line of it."""

    name: str
    part: str
    leak: bool
    culprits: tuple[str, ...]
    verdict: str
    called_leak: bool
    suspects: list[dict[str, Any]]

    @property
    def rank(self) -> int | None:
        """The place of the first culprit among the suspects, from 0; None where it is not among them."""
        return next((at for at, each in enumerate(self.suspects) if self.guilty(each)), None)

    def guilty(self, suspect: dict[str, Any]) -> bool:
        """Its message begins as a culprit's does: variables may cut it."""
        return bool(self.culprits) and str(suspect["message"]).startswith(self.culprits)

    @property
    def innocent(self) -> list[dict[str, Any]]:
        """Who was accused and is not guilty."""
        return [each for each in self.suspects if not self.guilty(each)]


def read(path: Path, limit_mib: float | None) -> tuple[str, bool, list[dict[str, Any]], int | None]:
    """The verdict on the service with most collections, its suspects, and which of its processes is meant."""
    engine, reading = Engine(limit_mib=limit_mib), Reading()
    engine.mined.share = 1.0
    for found in reading.bursts([str(path)]):
        for _ in engine.all(found):
            pass
    engine.conclude()
    told = max(report(engine, reading.facts())["services"], key=lambda service: service["collections"])
    return told["verdict"].kind, told["verdict"].leak, told["suspects"], told["epoch"]


def detection_runs() -> Iterator[Run]:
    """The runs of bench/detection."""
    for label in labels():
        kind, called, suspects, epoch = read(RUNS / label.file, label.limit_mib)
        process = label.processes[min((epoch or 1), len(label.processes)) - 1]
        culprits = tuple(each.message for each in process.culprits) if label.visible else ()
        yield Run(label.file, label.part, label.leak, culprits, kind, called, suspects)


def own_runs() -> Iterator[Run]:
    """The runs of this folder."""
    index = HERE / "runs" / "index.json"
    for each in json.loads(index.read_text()) if index.exists() else []:
        kind, called, suspects, _ = read(HERE / "runs" / each["file"], None)
        yield Run(each["file"], "unseen", each["leak"], tuple(each["culprits"]), kind, called, suspects)


def row(name: str, runs: list[Run]) -> str:
    """One line of the table."""
    leaks = [run for run in runs if run.leak and run.culprits]
    silent = [run for run in runs if run.leak and not run.culprits]
    well = [run for run in runs if not run.leak]
    told = [run for run in leaks if run.called_leak]
    ranks = [run.rank for run in told]
    first, within = sum(rank == 0 for rank in ranks), sum(rank is not None and rank < 3 for rank in ranks)
    found = [(run, rank) for run, rank in zip(told, ranks, strict=True) if rank is not None]
    proven = sum(run.suspects[rank]["p_value"] < CERTAIN for run, rank in found)
    wrong = sum(any(each["p_value"] < CERTAIN for each in run.innocent) for run in told)
    accused = sum(any(each["p_value"] < CERTAIN for each in run.suspects) for run in well)
    count = len(told) or 1
    return (
        f"| {name} | {len(leaks)} | {len(told)} | {first / count:.2f} | {within / count:.2f} | {proven / count:.2f} | "
        f"{median([len(run.suspects) for run in told] or [0])} | {wrong} | "
        f"{sum(not run.suspects for run in silent)} of {len(silent)} | {sum(run.called_leak for run in well)} | "
        f"{accused} of {len(well)} |"
    )


def show(runs: Iterable[Run]) -> None:
    """Every run that is not right."""
    for run in runs:
        right = run.rank == 0 if run.leak and run.culprits else not run.suspects
        if not right:
            told = [(each["message"], each["kind"], each["p_value"], each["share"]) for each in run.suspects]
            print(f"{run.part} {run.name} [{run.verdict}] {run.culprits}: {told}")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--show", choices=("misses",))
    chosen = parser.parse_args()
    runs = [*detection_runs(), *own_runs()]
    print(
        "| runs | leaks with a culprit | called a leak | culprit first | within three | p < 0.01 | suspects (median) | "
        "others at p < 0.01 | silent leaks without suspects | well, called a leak | well, with one at p < 0.01 |\n|"
        + "---|"
        * 11
    )
    for part in ("dev", "test", "unseen"):
        some = [run for run in runs if run.part == part]
        if some:
            print(row(part, some))
    if chosen.show:
        show(runs)


if __name__ == "__main__":
    main()
