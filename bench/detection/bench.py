"""The benchmark: our judge and fourteen others over simulated services; writes RESULTS.md.

    PYTHONPATH=src python bench/detection/bench.py --part test --seeds 5

`--part dev` is for tuning: thresholds, intervals and settings were chosen on it, and only on it. `--only ours` leaves
the baselines out, `--detail` prints a line per run.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from io import StringIO
from itertools import pairwise
from pathlib import Path
from time import process_time
from typing import Any, NamedTuple

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

import real
import twins
from baselines import BASELINES, Buckets
from curves import bought
from judging import ALARMS, outcome_of
from metrics import BUDGETS, Outcome, areas, bootstrap, summary, threshold_for
from plots import Points, picture
from scenarios import names, part_of, series
from simulator import Series

FIRST_TEST_SEED = 100
MARKER = "<!-- measured: everything below is written by the command that it names -->"
OURS, OURS_ALARMS = "gctail", ALARMS
PLOTS = Path(__file__).parent / "plots"
PICTURED = (OURS, "predict_linear(live[6h], 24h) for 1h", "ADWIN, upwards (river)", "Page-Hinkley", "PrecogMF")
COLUMNS = "judge|AUC|twin AUC|FA/day|recall 50 %|recall 80 %|precision|at 1 in 200|delay|twins alarmed"
HEAD = f"""| {COLUMNS.replace("|", " | ")} |
|---|---|---|---|---|---|---|---|---|---|"""


def runs(part: str, seeds: int) -> Iterator[Series]:
    """Every valid run of a part: a benign one that died, or a leak that died before it began, is left out."""
    first = FIRST_TEST_SEED if part == "test" else 0
    for name in names():
        if part_of(name.removesuffix("/twin")) != part:
            continue
        for seed in range(first, first + seeds):
            run = series(name, seed)
            died_early = run.death_s is not None and (run.onset_s is None or run.death_s <= run.onset_s)
            if not (died_early and (not run.leak or run.onset_s)) and sum(map(len, run.epochs)) > 20:
                yield run


def theirs(run: Series) -> dict[str, Outcome]:
    """Every baseline's scores over a run."""
    buckets = Buckets(run)
    end_s = run.death_s if run.death_s is not None else run.built_s
    outcomes = {}
    for name, (rule, _) in BASELINES.items():
        h, score = rule(buckets)
        outcomes[name] = Outcome(
            run.name,
            run.seed,
            run.leak,
            run.twin_of,
            run.days,
            None if run.onset_s is None else run.onset_s / run.hour_s,
            None if not run.leak or end_s is None else end_s / run.hour_s,
            h,
            score,
        )
    return outcomes


def judged(part: str, seeds: int, *, blind: bool, rivals: bool) -> dict[str, list[Outcome]]:
    """Every judge's outcomes over a part, ours first."""
    tables: dict[str, list[Outcome]] = {OURS: []}
    spent_s = 0.0
    for run in runs(part, seeds):
        began = process_time()
        tables[OURS].append(outcome_of(run, limit_known=not blind))
        spent_s += process_time() - began
        for name, outcome in theirs(run).items() if rivals else ():
            tables.setdefault(name, []).append(outcome)
    count = sum(int(str(o.extra["collections"])) for o in tables[OURS])
    largest = max(int(str(o.extra["state_bytes"])) for o in tables[OURS])
    print(
        f"{part}: {len(tables[OURS])} runs, {sum(o.days for o in tables[OURS]):.0f} service-days, {count} collections, "
        f"judged by us in {spent_s:.0f} s, the pacer's view included; our state is at most {largest} bytes.\n",
    )
    return tables


def main() -> None:
    """Run, and print tables in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", default="dev", choices=("dev", "test"))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--only", default="all", choices=("all", "ours"))
    parser.add_argument("--detail", action="store_true")
    parser.add_argument("--blind", action="store_true", help="our judge is not told the limit")
    parser.add_argument("--write", action="store_true", help="write RESULTS.md: the test part, blind, and real logs")
    chosen = parser.parse_args()
    if chosen.write:
        write(chosen.seeds)
        return
    show(chosen.part, chosen.seeds, blind=chosen.blind, rivals=chosen.only == "all", detail=chosen.detail)


def show(  # noqa: PLR0913
    part: str, seeds: int, *, blind: bool, rivals: bool, detail: bool = False, pictures: Path | None = None
) -> None:
    """Every table about one part; pictures are drawn where there is a directory for them."""
    tables = judged(part, seeds, blind=blind, rivals=rivals)
    tuning = judged("dev", seeds, blind=blind, rivals=rivals) if part == "test" else tables
    report(tables, tuning)
    if rivals:
        delays(tables, pictures)
        trade(tables, pictures)
    if not blind and rivals:
        calibration(tables[OURS], pictures)
    if not blind:  # without a limit there is no end to forecast
        forecasts(tables[OURS], pictures)
    scales(tables[OURS])
    if detail:
        details(tables[OURS])


def write(seeds: int) -> None:
    """Everything that RESULTS.md tells, below its marker."""
    page = Path(__file__).with_name("RESULTS.md")
    above = page.read_text().split(MARKER)[0]
    with StringIO() as told:
        with redirect_stdout(told):
            print(f"\n## Measured\n`PYTHONPATH=src python bench/detection/bench.py --write --seeds {seeds}`\n")
            print("### Simulated services, test half\n")
            show("test", seeds, blind=False, rivals=True, pictures=PLOTS)
            print("\n### The same, ours without being told the limit\n")
            show("test", seeds, blind=True, rivals=False)
            print("\n### Logs of real Go programs (samples/logs), after their end is known\n")
            real.main(["samples/logs/index.json"])
            for part, half in (("dev", "tuning"), ("test", "test")):
                print(f"\n### Recorded leaks beside their twins, {half} half\n")
                twins.show(part)
        page.write_text(above + MARKER + "\n" + told.getvalue())


def report(tables: dict[str, list[Outcome]], tuning: dict[str, list[Outcome]]) -> None:
    """The table of judges: at their own threshold, and at the one that holds a budget on the tuning part."""
    print(HEAD)
    for name, outcomes in tables.items():
        print(_line(name, outcomes, OURS_ALARMS if name == OURS else BASELINES[name][1]))
    for budget in BUDGETS:
        print(f"\nWith the threshold that gave 1 false alarm in {1 / budget:.0f} service-days on the tuning part:\n")
        print(HEAD)
        for name, outcomes in tables.items():
            least = threshold_for(tuning[name], budget)
            print(_line(f"{name} (≥ {least:.3g})", outcomes, least))


def _line(name: str, outcomes: list[Outcome], least: float) -> str:
    found, area = summary(outcomes, least), areas(outcomes)
    low, high = bootstrap(outcomes, least)
    return (
        f"| {name} | {area['auc']:.3f} | {area['twin_auc']:.2f} | {found['fa_per_day']:.3f} | "
        f"{found['recall50']:.2f} | {found['recall80']:.2f} ({low:.2f}–{high:.2f}) | {found['precision']:.2f} | "
        f"{found['precision_1_in_200']:.2f} | {found['delay']:.2f} | {found['twins_alarmed']:.2f} |"
    )


def scales(outcomes: list[Outcome]) -> None:
    """Ours by the length of the run: days, an hour and a half, ten minutes."""
    print(f"\nOurs by scale of time, at {OURS_ALARMS}:\n\n{HEAD}")
    for name, seeds in (("four days and more", {0, 1, 3}), ("an hour and a half", {2}), ("ten minutes", {4})):
        chosen = [o for o in outcomes if o.seed % 5 in seeds]
        if any(o.leak for o in chosen):
            print(_line(name, chosen, OURS_ALARMS))


def forecasts(outcomes: list[Outcome], pictures: Path | None) -> None:
    """How good the forecasts of the end are, at shares of the way from onset to death."""
    print("\n| share of the way | forecasts | never | median APE | error/TTO | interval holds | hi/lo | onset error |")
    print("|---|---|---|---|---|---|---|---|")
    held: Points = []
    missed: Points = []
    for index, share in enumerate((0.25, 0.5, 0.75, 0.9)):
        rows = [f for o in outcomes if o.leak for f in o.extra["forecasts"][index : index + 1] if f["died"]]
        said = [f for f in rows if f["seconds"] is not None]
        if said:
            accuracy = _accuracy(said)
            print(f"| {share:.0%} | {len(rows)} | {len(rows) - len(said)} | {accuracy.cells} |")
            held.append((share, accuracy.held))
            missed.append((share, accuracy.missed))
    lines = {"80 % interval holds": held, "error / whole time": missed}
    picture(pictures, "forecast.svg", "share of the way to the end", "share", lines, dotted=[(0.0, 0.8), (1.0, 0.8)])


class Accuracy(NamedTuple):
    """One row about forecasts: its cells, how many intervals hold the truth, the median error by the whole time."""

    cells: str
    held: float
    missed: float


def _accuracy(said: list[dict[str, Any]]) -> Accuracy:
    """Errors, coverage, width, onset."""
    error = [abs(f["seconds"] - f["true_s"]) / max(f["true_s"], 1e-9) for f in said]
    of_all = [abs(f["seconds"] - f["true_s"]) / f["tto_s"] for f in said]
    held = [f["low"] <= f["true_s"] <= (f["high"] or np.inf) for f in said]
    width = [(f["high"] or np.inf) / f["low"] for f in said if f["low"] > 0]
    onset = [abs(f["onset_error_s"]) / f["tto_s"] for f in said]
    cells = (
        f"{np.median(error):.2f} | {np.median(of_all):.2f} | {np.mean(held):.2f} | {np.median(width):.1f} | "
        f"{np.median(onset):.2f}"
    )
    return Accuracy(cells, float(np.mean(held)), float(np.median(of_all)))


def delays(tables: dict[str, list[Outcome]], pictures: Path | None) -> None:
    """How many leaks each judge had told by shares of their time to the end, at its own threshold."""
    marks = (0.1, 0.25, 0.5, 0.75, 0.9, 1.0)
    print("\nLeaks told by so much of their way from the onset to the end, each judge at its own threshold:\n")
    print("| judge | " + " | ".join(f"{mark:.0%}" for mark in marks) + " |\n|---|" + "---|" * len(marks))
    lines = {}
    for name, outcomes in tables.items():
        least = OURS_ALARMS if name == OURS else BASELINES[name][1]
        waits = np.array([o.delay(least) for o in outcomes if o.leak])
        told = [float(np.mean((waits <= mark) & (waits < 1.0))) for mark in marks]
        print(f"| {name} | " + " | ".join(f"{share:.2f}" for share in told) + " |")
        if name in PICTURED:
            lines[name] = [(at / 40, float(np.mean((waits <= at / 40) & (waits < 1.0)))) for at in range(41)]
    picture(pictures, "delay.svg", "share of the way to the end", "leaks told", lines, dotted=[(0.0, 1.0), (1.0, 1.0)])


def trade(tables: dict[str, list[Outcome]], pictures: Path | None) -> None:
    """Pictures of what each judge buys with its false alarms, at every threshold that it could have."""
    if pictures is None:
        return
    curves = {name: bought(tables[name]) for name in PICTURED if name in tables}
    prices, truths = ({name: pair[which] for name, pair in curves.items()} for which in (0, 1))
    told, nothing = "leaks told by 80 % of their way", [(0.0, 0.0), (1.0, 0.0)]
    picture(pictures, "false-alarms.svg", "false alarms a service-day", told, prices, dotted=nothing)
    picture(pictures, "precision.svg", told, "alarms that are true", truths, dotted=nothing)


def calibration(outcomes: list[Outcome], pictures: Path | None) -> None:
    """What a belief is worth: at forty moments of every run, how many of those with such a belief were leaking."""
    moments = [moment for o in outcomes for moment in _moments(o)]
    error = np.mean([(belief - leaking) ** 2 for belief, leaking in moments])
    print(f"\nThe belief against the truth, at {len(moments)} moments of all runs; Brier score {error:.3f}:\n")
    print("| belief | moments | mean belief | leaking then |\n|---|---|---|---|")
    points = []
    for low, high in pairwise((0.0, 0.05, 0.15, 0.3, 0.45, 0.6, 0.75, 1.01)):
        inside = [(belief, leaking) for belief, leaking in moments if low <= belief < high]
        if inside:
            mean, share = np.mean(inside, axis=0).tolist()
            points.append((mean, share))
            print(f"| {low:.2f}–{min(high, 1.0):.2f} | {len(inside)} | {mean:.2f} | {share:.2f} |")
    picture(pictures, "calibration.svg", "belief", "leaking", {OURS: points}, dotted=[(0.0, 0.0), (1.0, 1.0)])


def _moments(o: Outcome) -> list[tuple[float, bool]]:
    """The belief at forty even moments after the first tenth, and whether it was leaking then."""
    beliefs = np.array(o.extra["beliefs"])
    if not len(o.h):
        return []
    hours = np.linspace(0.1 * o.h[-1], o.h[-1], 40)
    at = np.clip(np.searchsorted(o.h, hours, side="right") - 1, 0, None)
    return [(float(beliefs[i]), o.leak and hour > o.way[0]) for i, hour in zip(at, hours, strict=True)]


def details(outcomes: list[Outcome]) -> None:
    """A line per run."""
    for o in sorted(outcomes, key=lambda o: (o.twin_of is not None, not o.leak, o.name, o.seed)):
        kinds = sorted({kind for _, kind, phase in o.extra["signals"] if phase == "onset"})
        told = (
            f"80%={o.best(0.8):.2f} 50%={o.best(0.5):.2f} delay={o.delay(OURS_ALARMS):.2f}"
            if o.leak
            else f"max={o.best(1):.2f}"
        )
        print(
            f"{o.name:28}{o.seed:4} {told:36} fa={o.false_alarms(OURS_ALARMS)} {o.extra['kind']:18} "
            f"p={o.extra['probability']} {kinds}"
        )


if __name__ == "__main__":
    main()
