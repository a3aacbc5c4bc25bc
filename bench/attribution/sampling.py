"""Whether sampling hides a culprit: a log of which a tenth is read closely, and keys that are new among repeated ones.

    PYTHONPATH=src python bench/attribution/sampling.py

Each log is 150 MB with 150 collections, made from a seed. One line in so many attaches a session, most of which were
there before; each new one is kept. The table holds what is found against what is true.
"""

from __future__ import annotations

import time
from math import exp, sin
from random import Random

from gctail.attribution.choosing import suspects
from gctail.templates.mine import Mine

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


def main() -> None:
    """Print the table."""
    print(
        "| culprit, of all lines | new, of its keys | read closely | lines of it | counted | keys | found "
        "| first suspect | p | MB/s |\n|" + "---|" * 10
    )
    for culprit_share, new_share in CASES:
        for seed in (1, 2):
            print(row(culprit_share, new_share, seed))


if __name__ == "__main__":
    main()
