"""Recorded runs of real Go programs, as the benchmark takes them: a `Series`, and a `Label` with the truth about it.

    PYTHONPATH=src python bench/detection/recorded.py --part dev    # our verdicts, with and without the limit

The programs are in programs/, `record` ran them, runs/index.json tells what they did. Their logs are read as a user's
are: by the program's own reader, torn lines and all. Tune on the part "dev" and judge on "test"; the parts share no
scenario.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec

sys.path.insert(0, str(Path(__file__).parent))

from judging import ALARMS, outcome_of
from metrics import Outcome, areas, summary
from simulator import Series

from gctail.records import GcCycle, Passage
from gctail.runners.local import Reading

RUNS = Path(__file__).parent / "runs"


class Culprit(msgspec.Struct, frozen=True):
    """A line that a good reader suspects: its literal message, the variable that never comes back, the number."""

    message: str
    logged_every: int  # one event in so many is in the log
    events: int
    bytes_per_event: float  # of live heap, as it was built
    share: float  # of the growth
    slot: str = ""
    field: str = ""


class Process(msgspec.Struct, frozen=True):
    """One process of a run. Uptimes are what `@` in its gctrace counts."""

    service: str
    style: str
    start_s: float
    leak: bool
    culprits: tuple[Culprit, ...]
    onset_uptime_s: float | None
    built_uptime_s: float | None  # when it was built to meet the limit
    limit_met_uptime_s: float | None  # when it did
    fixed_uptime_s: float | None
    ended: str  # stopped, killed (the log just stops), go-out-of-memory
    uptime_s: float
    collections: int
    gc_lines: int  # whole ones; the others are torn
    peak_mib: float  # most memory held, as GOMEMLIMIT counts it
    gc_cpu_share: float
    live: tuple[tuple[float, float, float], ...]  # uptime, MiB marked live, MiB held: about once a second


class Label(msgspec.Struct, frozen=True):
    """What is known of one run. Times are seconds since its first process began; a virtual day lasts `day_s`."""

    file: str
    scenario: str
    twin_of: str | None
    part: str
    about: str
    seed: int
    go: str
    leak: bool
    visible: bool  # in gctrace at all
    kind: str
    limit_mib: float
    gomemlimit_mib: float | None
    day_s: float
    forced_period_s: float
    onset_s: float | None
    built_s: float | None
    limit_met_s: float | None
    gc_lines: int
    torn_gc_lines: int
    bytes: int
    lines: int
    processes: tuple[Process, ...]

    @property
    def fixed_s(self) -> float | None:
        """When the leak was repaired."""
        first = self.processes[0]
        return None if first.fixed_uptime_s is None else first.start_s + first.fixed_uptime_s


def labels(part: str | None = None) -> list[Label]:
    """The index, or one part of it."""
    found = msgspec.json.decode((RUNS / "index.json").read_bytes(), type=list[Label])
    return [label for label in found if part in {None, label.part}]


def epochs_of(path: Path) -> list[list[tuple[float, GcCycle]]]:
    """The collections of a log by process, each with its uptime in seconds."""
    epochs: list[list[tuple[float, GcCycle]]] = []
    for events in Reading().files([str(path)]):
        for event in events:
            if isinstance(event, Passage) or not isinstance(event.record, GcCycle):
                continue
            cycle = event.record
            if not epochs or cycle.number <= epochs[-1][-1][1].number:
                epochs.append([])
            epochs[-1].append((cycle.uptime_s or 0.0, cycle))
    return epochs


def series_of(label: Label) -> Series:
    """A run as the benchmark takes it. A twin has no onset: nothing leaks."""
    epochs = epochs_of(RUNS / label.file)
    return Series(
        name=label.scenario,
        seed=label.seed,
        part=label.part,
        leak=label.leak,
        epochs=epochs,
        starts_s=[process.start_s for process in label.processes][: len(epochs)],
        limit_mib=label.limit_mib,
        hour_s=label.day_s / 24,
        onset_s=label.onset_s,
        death_s=label.limit_met_s,
        built_s=label.built_s,
        fixed_s=label.fixed_s,
        twin_of=label.twin_of,
    )


def labelled(part: str | None = None) -> Iterator[tuple[Series, Label]]:
    """Every run and what is known of it."""
    for label in labels(part):
        yield series_of(label), label


def told(outcome: Outcome, label: Label, blind: Outcome) -> str:
    """One row of the table."""
    right = "yes" if (outcome.best(0.8) >= ALARMS) == label.leak else "**no**"
    delay = f"{outcome.delay(ALARMS):.2f}" if label.leak else ""
    early = outcome.false_alarms(ALARMS) if label.leak else ""
    score = f"{outcome.best(0.8):.2f} | {blind.best(0.8):.2f}"
    kind = str(outcome.extra["kind"])
    run = f"{label.scenario} | {label.go} | {label.seed} | {label.kind}"
    return f"| {run} | {kind} | {score} | {right} | {delay} | {early} |"


def main() -> None:
    """Print a row per run, and the benchmark's figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", choices=("dev", "test"))
    chosen = parser.parse_args()
    seeing: list[Outcome] = []
    without: list[Outcome] = []
    print("| scenario | Go | seed | truth | verdict | score | without the limit | right | delay | early alarms |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for run, label in labelled(chosen.part):
        outcome, blind = outcome_of(run), outcome_of(run, limit_known=False)
        print(told(outcome, label, blind))
        if label.visible:
            seeing.append(outcome)
            without.append(blind)
    for name, outcomes in (("with the limit", seeing), ("without it", without)):
        figures = summary(outcomes, ALARMS) | areas(outcomes)
        print(f"\n{name}: " + ", ".join(f"{key} {value:.3f}" for key, value in figures.items()))


if __name__ == "__main__":
    main()
