"""How well lines are sorted into templates, on labelled logs, beside Drain3 where that is installed.

`python bench/grouping.py DIR` reads the `*_2k.log_structured.csv` of loghub (github.com/logpai/loghub), which are not
part of this project: 16 systems, 2000 lines each, labelled by hand. A line counts as right if the lines in its group
are exactly those that have its label (Zhu et al., "Tools and benchmarks for automated log parsing", 2019). The labels
do not tell routes and few different words apart where we do so on purpose: 1.0 is not the aim, but a fall is a
warning.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections import Counter, defaultdict
from collections.abc import Hashable, Sequence
from importlib.util import find_spec
from pathlib import Path

from gctail.templates.mine import Mine
from gctail.templates.sketch import sketch


def ours(lines: Sequence[str]) -> list[Hashable]:
    """The template of each line, after all were read."""
    mine = Mine()
    mine.read("".join(line + "\n" for line in lines).encode())
    mine.tick(1.0, 1.0)
    taken = [(sketch(line.encode()), line.encode()) for line in lines]
    return [mine.catalog.find(each.level, each.shape, line, 1.0).id for each, line in taken]


def drain3(lines: Sequence[str]) -> list[Hashable]:
    """The cluster of each line, after all were read; numbers and addresses masked, as its readme shows."""
    from drain3 import TemplateMiner
    from drain3.masking import MaskingInstruction
    from drain3.template_miner_config import TemplateMinerConfig

    config = TemplateMinerConfig()
    between = r"((?<=[^A-Za-z0-9])|^)({})((?=[^A-Za-z0-9])|$)"
    masks = {r"\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}": "IP", "0x[a-f0-9A-F]+": "HEX", r"[\-\+]?\d+": "NUM"}
    config.masking_instructions = [
        MaskingInstruction(between.replace("{}", pattern), name) for pattern, name in masks.items()
    ]
    miner = TemplateMiner(config=config)
    for line in lines:
        miner.add_log_message(line)
    found = [miner.match(line, full_search_strategy="fallback") for line in lines]
    return [each.cluster_id if each else None for each in found]


def right(labels: Sequence[Hashable], groups: Sequence[Hashable]) -> float:
    """The share of lines whose group is exactly their label's."""
    labelled: defaultdict[Hashable, set[int]] = defaultdict(set)
    grouped: defaultdict[Hashable, set[int]] = defaultdict(set)
    for place, (label, group) in enumerate(zip(labels, groups, strict=True)):
        labelled[label].add(place)
        grouped[group].add(place)
    exact = sum(len(places) for places in grouped.values() if labelled[labels[min(places)]] == places)
    return exact / len(labels)


def pairs(labels: Sequence[Hashable], groups: Sequence[Hashable]) -> float:
    """F1 over pairs of lines: said to be alike, and labelled alike."""

    def alike(values: Sequence[Hashable]) -> int:
        return sum(count * (count - 1) // 2 for count in Counter(values).values())

    both = alike(list(zip(labels, groups, strict=True)))
    return 2 * both / (alike(labels) + alike(groups))


def main() -> None:
    """Read, sort, compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("directory", type=Path, help="where loghub's *_2k.log_structured.csv are, at any depth")
    files = sorted(parser.parse_args().directory.rglob("*_2k.log_structured.csv"))
    if not files:
        sys.exit("no *_2k.log_structured.csv there: git clone https://github.com/logpai/loghub")
    miners = {"gctail": ours} | ({"Drain3": drain3} if find_spec("drain3") else {})
    print(f"{'':14}" + "".join(f"{name + ' groups':>16}{'pairs':>8}{'templates':>11}" for name in miners) + "   labels")
    means: defaultdict[str, list[float]] = defaultdict(list)
    for file in files:
        with file.open(encoding="utf-8", errors="replace", newline="") as rows:
            labelled = [(row["Content"].replace("\n", " "), row["EventId"]) for row in csv.DictReader(rows)]
        lines, labels = zip(*labelled, strict=True)
        row = f"{file.name.partition('_')[0]:14}"
        for name, miner in miners.items():
            groups = miner(lines)
            scores = right(labels, groups), pairs(labels, groups)
            means[name].append(scores[0])
            means[name + " pairs"].append(scores[1])
            row += f"{scores[0]:16.3f}{scores[1]:8.3f}{len(set(groups)):11}"
        print(f"{row}{len(set(labels)):9}")
    for name, values in means.items():
        print(f"mean of {name}: {sum(values) / len(values):.3f}")


if __name__ == "__main__":
    main()
