"""Whether sampling hides a culprit: a log of which a tenth is read closely, and keys that are new among repeated ones.

    PYTHONPATH=src python bench/attribution/sampling.py
    PYTHONPATH=src python bench/attribution/sampling.py --by-hash     # beside sampling by hash of the template

Each log is 150 MB with 150 collections, made from a seed. One line in so many attaches a session, most of which were
there before; each new one is kept. The table holds what is found against what is true.

By hash of the template, the lines of one template in ten are all read, and those of others counted by their shape:
whatever is known of the former is exact, and nothing but the count is known of the latter. Which they are, is chance:
twenty draws are told.
"""

from __future__ import annotations

import argparse
import time
from hashlib import blake2b
from math import exp, sin
from random import Random
from statistics import median

from gctail.attribution.choosing import suspects
from gctail.templates.mine import CLOSELY_BYTES, Mine
from gctail.templates.skim import Skim, Skimmed, _Block
from gctail.templates.tally import Tally

SHARE = 0.1
COLLECTIONS = 150
LINES_PER_COLLECTION = 6500
GROWTH_MIB = 40.0
CASES = ((0.001, 0.3), (0.01, 0.1), (0.05, 0.05), (0.3, 0.02), (0.5, 0.01))
"""Share of lines that attach a session, and of these the share that is new."""


class Log:
    """A service whose sessions are kept."""

    def __init__(self, seed: int, culprit_share: float, new_share: float) -> None:
        self.dice = Random(seed)
        self.culprit_share, self.new_share = culprit_share, new_share
        self.sessions: list[str] = []
        self.attached = 0

    def interval(self, at: int, drift: float) -> bytes:
        """The lines between two collections; the share of new sessions varies from one to the next."""
        new_share = self.new_share * exp(0.5 * self.dice.gauss(0, 1))
        count = int(LINES_PER_COLLECTION * exp(0.3 * sin(at / 9) + 0.2 * drift))
        return "".join(self.line(f'"ts":{1795802640 + at}.{n % 1000:03d}', new_share) for n in range(count)).encode()

    def line(self, ts: str, new_share: float) -> str:
        """One line, in JSON."""
        dice = self.dice
        if dice.random() < self.culprit_share:
            self.attached += 1
            if not self.sessions or dice.random() < new_share:
                self.sessions.append(f"{dice.getrandbits(32):08x}")
                session = self.sessions[-1]
            else:
                session = dice.choice(self.sessions)
            said = f'"msg":"session attached","session":"{session}","hops":{dice.randrange(9)}'
            return f'{{"level":"info",{ts},{said}}}\n'
        if dice.random() < 0.7:
            request = f'"request_id":"{dice.getrandbits(64):016x}","path":"/api/v1/items/{dice.randrange(9999)}"'
            return f'{{"level":"info",{ts},"msg":"request served",{request},"took_ms":{dice.randrange(90)}}}\n'
        trace = f'"user":"u{dice.randrange(30000):05d}","trace":"{dice.getrandbits(64):016x}"'
        return f'{{"level":"debug",{ts},"msg":"token verified",{trace}}}\n'


def row(culprit_share: float, new_share: float, seed: int) -> str:
    """What is found in one log, beside what is true."""
    log, mine, drift, read_s = Log(seed, culprit_share, new_share), Mine(share=SHARE), 0.0, 0.0
    kept_mib = GROWTH_MIB / (culprit_share * new_share * LINES_PER_COLLECTION * COLLECTIONS)
    for at in range(COLLECTIONS):
        drift = 0.9 * drift + 0.3 * log.dice.gauss(0, 1)
        text = log.interval(at, drift)
        began_s = time.process_time()
        mine.read(text)
        mine.tick(at + 1.0, 30.0 + kept_mib * len(log.sessions) + log.dice.gauss(0, 0.4))
        read_s += time.process_time() - began_s
    courses = mine.courses()
    [attached] = [each for each in courses.templates if each.message == "session attached"]
    [session] = [slot for slot in attached.slots if slot.name == "session"]
    first, *_ = suspects(courses, 1.0)
    found = f"{len(log.sessions):,} | {session.distinct:,.0f} | {first.message}, {first.kind}"
    return (
        f"| {culprit_share:.1%} | {new_share:.0%} | {courses.sampled:.0%} | {log.attached:,} | "
        f"{sum(attached.count):,.0f} | {found} | {first.p_value:.0e} | {mine.bytes_seen / 1e6 / read_s:.0f} |"
    )


class ByHash(Skim):
    """Reads all lines of some templates, chosen by their hashes, and counts those of the others."""

    salt = b""

    def read(self, block: bytes, wrapper: str | None, now_s: float, rare_lines: float) -> Skimmed:  # noqa: ARG002
        """The same for a block, whatever is rare."""
        self._refresh()
        text = _Block(block, wrapper, now_s)
        found, strange = self._found(text)
        counted, wanted = text.learnt, set()
        for shape, known, count in found:
            if self.is_read(known.tally):
                wanted.add(shape)
            else:
                known.tally.count_unread(count, now_s)
                counted += count
        lines = [line for line, shape in zip(text.lines, text.shapes, strict=True) if shape in wanted] if wanted else []
        read = b"\n".join(lines)
        if lines:
            self._lines.read(read, wrapper, now_s)
        return Skimmed(counted + len(lines), len(read), strange)

    def is_read(self, tally: Tally) -> bool:
        """Whether the hash of a template falls into the sample."""
        drawn = blake2b(tally.id.encode(), digest_size=4, salt=self.salt).digest()
        return int.from_bytes(drawn) < SHARE * 2**32


class HashedMine(Mine):
    """A mine that samples by hash of the template once it has read its first part closely."""

    def __init__(self, salt: int) -> None:
        super().__init__()
        skim = ByHash(self.catalog, self._lines)
        skim.salt = salt.to_bytes(4)
        self._skim = skim

    def _take(self, end: int) -> None:
        if self.bytes_seen < CLOSELY_BYTES:
            super()._take(end)
            return
        block = bytes(self._pending[:end])
        del self._pending[:end]
        self.grid.open["lines"] += block.count(b"\n")
        self.bytes_seen += len(block)
        self._count(block, self._wrapper)


def played(mine: Mine, texts: list[tuple[bytes, float]]) -> float:
    """Read them all; CPU seconds."""
    began_s = time.process_time()
    for at, (text, live_mib) in enumerate(texts):
        mine.read(text)
        mine.tick(at + 1.0, live_mib)
    return time.process_time() - began_s


def told(mine: Mine, keys: int) -> tuple[bool, bool, float, float]:
    """Whether the culprit is first, and its keys too; how far off the number of keys is; what was read closely."""
    courses = mine.courses()
    [attached] = [each for each in courses.templates if each.message == "session attached"]
    [session] = [slot for slot in attached.slots if slot.name == "session"]
    first, *_ = (*suspects(courses, 1.0), None)
    is_first = first is not None and first.message == "session attached"
    return is_first, is_first and first.kind == "keys", session.distinct / keys - 1.0, courses.sampled


def beside_hashes(culprit_share: float, new_share: float, draws: int = 20, collections: int = 100) -> str:
    """One row: what this program finds, and what a sample by hash finds, over many draws of which templates."""
    log, texts = Log(1, culprit_share, new_share), []
    kept_mib, drift = GROWTH_MIB / (culprit_share * new_share * LINES_PER_COLLECTION * collections), 0.0
    for at in range(collections):
        drift = 0.9 * drift + 0.3 * log.dice.gauss(0, 1)
        texts.append((log.interval(at, drift), 30.0 + kept_mib * len(log.sessions) + log.dice.gauss(0, 0.4)))
    mib = sum(len(text) for text, _ in texts) / 1e6
    rows = []
    for kind, mines in (("this", [Mine(share=SHARE)]), ("by hash", [HashedMine(salt) for salt in range(draws)])):
        speeds = [mib / played(mine, texts) for mine in mines]
        found = [told(mine, len(log.sessions)) for mine in mines]
        read = [each[3] for each in found]
        off = sorted(each[2] for each in found)
        rows.append(
            f"| {culprit_share:.1%} | {new_share:.0%} | {kind} | {sum(each[0] for each in found)} of {len(found)} "
            f"| {sum(each[1] for each in found)} of {len(found)} | {off[0]:+.0%} to {off[-1]:+.0%} "
            f"| {min(read):.0%} to {max(read):.0%} | {median(speeds):.0f} |"
        )
    return "\n".join(rows)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--by-hash", action="store_true", help="beside a sample by hash of the template")
    if parser.parse_args().by_hash:
        print(
            "| culprit, of all lines | new, of its keys | sample | culprit first | by its keys | keys, off by "
            "| read closely | MB/s |\n|" + "---|" * 8
        )
        for case in CASES:
            print(beside_hashes(*case), flush=True)
        return
    print(
        "| culprit, of all lines | new, of its keys | read closely | lines of it | counted | keys | found "
        "| first suspect | p | MB/s |\n|" + "---|" * 10
    )
    for culprit_share, new_share in CASES:
        for seed in (1, 2):
            print(row(culprit_share, new_share, seed))


if __name__ == "__main__":
    main()
