"""Leaks beside their benign twins, recorded: what the heap tells of them, what the log adds, what earlier runs add.

    PYTHONPATH=src python bench/detection/twins.py [--part dev|test]

A twin writes the same lines and grows as its leak does, until it stops by itself. The belief in a leak by half of its
way, its highest, is held against the highest that its twin ever gives rise to; in the verdicts both are over. Earlier
runs are two others of the same program, another Go version and another seed, that ended as it ends.
"""

from __future__ import annotations

import argparse
import lzma
import sys
from itertools import groupby
from multiprocessing import Pool
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parent))

from metrics import auc
from recorded import RUNS, Label, labels

from gctail.detectors.shape import LEAK
from gctail.engine import Engine
from gctail.runners.local import Reading

WAYS = ("the heap alone", "and the log", "and two earlier runs")
HALF_WAY = 0.5


class Told(NamedTuple):
    """Of one run: the highest belief by half of its way, and in all of it, and that of the verdict."""

    half: float
    highest: float
    verdict: float


def told(runs: list[Label], mined: float) -> Told:
    """What is made of the last of these runs of one service; the others came before it."""
    last = runs[-1]
    half_s = (last.onset_s or 0.0) + HALF_WAY * ((last.limit_met_s or last.built_s or 0.0) - (last.onset_s or 0.0))
    engine, half, highest = Engine(), 0.0, 0.0
    engine.mined.share = mined
    with TemporaryDirectory() as folder:
        log = Path(folder) / "service.log"
        log.write_bytes(b"\n".join(lzma.decompress((RUNS / run.file).read_bytes()) for run in runs))
        for events in Reading().files([str(log)]):
            for event in events:
                engine.observe(event)
                service = next(iter(engine.services.values()), None)
                epoch = service.current if service is not None else None
                if epoch is None or epoch.judge is None or epoch.index < len(runs) - 1:
                    continue
                highest = max(highest, epoch.judge.belief)
                if epoch.last_uptime_s <= half_s:
                    half = highest
    engine.conclude()
    [service] = engine.services.values()
    verdict = service.epochs[-1].verdict()
    return Told(half, highest, verdict.probability if verdict is not None else 0.0)


def told_by_all(runs: list[Label]) -> tuple[Told, ...]:
    """The same in every way."""
    return told(runs[-1:], 0.0), told(runs[-1:], 1.0), told(runs, 1.0)


def cases(part: str | None) -> list[list[Label]]:
    """Every recorded run of one process that has a twin or is one, after two others of the same scenario."""
    seen = [label for label in labels(part) if label.visible and len(label.processes) == 1]
    twinned = {label.twin_of for label in seen if label.twin_of is not None}
    chosen = [label for label in seen if label.twin_of is not None or label.scenario in twinned]
    found = []
    for _, group in groupby(sorted(chosen, key=_program), key=_program):
        same = list(group)
        found += [[*[other for other in same if other is not label][:2], label] for label in same if len(same) > 2]
    return found


def _program(label: Label) -> tuple[str, bool]:
    return label.scenario, label.leak


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", choices=("dev", "test"))
    show(parser.parse_args().part)


def show(part: str | None) -> None:
    """The table of a part, or of all."""
    runs = cases(part)
    with Pool() as pool:
        results = pool.map(told_by_all, runs, chunksize=1)
    known = [*zip([run[-1] for run in runs], results, strict=True)]
    pairs = [(ours, theirs) for leak, ours in known for twin, theirs in known if twin.twin_of == leak.scenario]
    leaks, twins = ([found for label, found in known if label.leak is leaking] for leaking in (True, False))
    print(f"{len(leaks)} leaks and {len(twins)} twins, {len(pairs)} pairs of a leak and a twin of its own.\n")
    print("| what is heard | twin AUC, half way | all pairs | verdicts | leaks called | twins called |")
    print("|---|---|---|---|---|---|")
    for at, way in enumerate(WAYS):
        own = [auc([leak[at].half], [twin[at].highest]) for leak, twin in pairs]
        every = auc([leak[at].half for leak in leaks], [twin[at].highest for twin in twins])
        verdicts = auc([leak[at].verdict for leak in leaks], [twin[at].verdict for twin in twins])
        called, wrongly = (sum(each[at].verdict >= LEAK for each in group) for group in (leaks, twins))
        print(
            f"| {way} | {sum(own) / len(own):.2f} | {every:.2f} | {verdicts:.3f} | {called} of {len(leaks)} | "
            f"{wrongly} of {len(twins)} |"
        )


if __name__ == "__main__":
    main()
