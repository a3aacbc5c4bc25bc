"""How many lines a second become templates, beside Drain3 where that is installed, and how much memory they take.

`python bench/templates.py` takes some minutes. Every line is read closely, slots, keys and numbers too; Drain3 finds
templates only. CPU seconds, medians.

Measured with 60,000 lines of each kind, medians of five, on two cores with a load of 8; thousand lines a CPU second,
gctail and Drain3: prose 640 and 300, key=value 400 and 250, JSON 330 and 270, klog 420 and 240, access log 260 and 230
(Drain3 has one template there, gctail one for each route), a name in each line 400 and 290. Most of it is what gctail
does besides, with each value; the first 6,000 different keys of a slot cost three times as much as later ones.
"""

from __future__ import annotations

import argparse
import random
import statistics
import time
import tracemalloc
from collections.abc import Callable
from importlib.util import find_spec

from logs import logfmt_line, slog_line

from gctail.templates.mine import Mine

SEED = 20261123
STAMP = "2026-11-23T03:12:00.123Z"
WORDS = [f"{first}{last}" for first in ("al", "be", "ca", "do", "el") for last in ("ma", "ro", "tis", "vin", "xu")]
AIM = ">= 500,000 lines/s"


def prose(chance: random.Random, at: int) -> str:
    """Messages of the standard library's log, with numbers, durations and addresses in them."""
    which = at % 4
    if which == 0:
        return f"2026/11/23 03:12:00 worker {at % 16} picked up job {at} after {chance.random() * 90:.1f}ms"
    if which == 1:
        return f"2026/11/23 03:12:00 connection from 10.0.{at % 250}.{at % 199}:{at % 60_000} accepted"
    if which == 2:
        return f"2026/11/23 03:12:00 flushed {at % 9973} rows ({at % 977}KiB) to shard-{at % 32}"
    return f"2026/11/23 03:12:00 session {chance.getrandbits(64):016x} expired, {at % 5000} left"


def klog_line(chance: random.Random, at: int) -> str:
    """What Kubernetes and its controllers write: a head, then a message with fields, or free text."""
    head = f"I1123 03:12:00.{at % 1_000_000:06d}   {1 + at % 7} "
    which = at % 4
    if which == 0:
        return (
            f'{head}controller.go:118] "Reconciling object" namespace="shop-{at % 40}" name="cart-{at % 5000}" '
            f'generation={at % 9} duration="{chance.random() * 90:.3f}ms"'
        )
    if which == 1:
        return (
            f'{head}kubelet.go:2431] "SyncLoop (PLEG): event for pod" '
            f'pod="kube-system/dns-{chance.getrandbits(32):08x}" '
            f'event={{"ID":"{chance.getrandbits(64):016x}","Type":"ContainerStarted"}}'
        )
    if which == 2:
        return f"{head}reflector.go:561] Watch close - *v1.Pod total {at % 97} items received"
    return (
        f'{head}trace.go:236] Trace[{chance.getrandbits(31)}]: "List" url:/api/v1/pods,user-agent:kubectl/v1.31 '
        f"(total time: {chance.random() * 900:.0f}ms)"
    )


def request(chance: random.Random, at: int) -> str:
    """The access log of Apache, nginx and their imitators, with the time that it took."""
    asked = (
        f"GET /api/v1/orders/{at % 65_537}",
        "POST /login",
        f"GET /static/app.{chance.getrandbits(32):08x}.js",
        f"PUT /users/{at % 9999}/cart?page={at % 7}",
    )[at % 4]
    return (
        f"10.{at % 7}.{at % 199}.{at % 251} - - [23/Nov/2026:03:12:{at // 2000 % 60:02d} +0000] "
        f'"{asked} HTTP/1.1" {404 if at % 97 == 0 else 200} {at % 99_731} "-" "Mozilla/5.0 (X11; Linux x86_64)" '
        f"{chance.random():.3f}"
    )


def names(chance: random.Random, at: int) -> str:
    """A word that varies, where no number gives it away."""
    return f"{STAMP} INFO user {chance.choice(WORDS)}{chance.choice(WORDS)} opened file number {at}"


def nonsense(chance: random.Random, at: int) -> str:
    """A hostile log: hardly a line is like another."""
    return f"{STAMP} INFO " + " ".join(f"{chance.choice(WORDS)}{chance.choice(WORDS)}" for _ in range(8)) + f" {at}"


KINDS: dict[str, Callable[[random.Random, int], str]] = {
    "prose": prose,
    "key=value (8 fields)": lambda _, at: logfmt_line(STAMP.encode(), at).decode().rstrip(),
    "JSON (4 to 8 fields)": lambda chance, at: slog_line(STAMP.encode(), chance, at).decode().rstrip(),
    "klog": klog_line,
    "access log": request,
    "a name in each line": names,
    "nonsense": nonsense,
}


def ours(lines: list[str]) -> tuple[float, int, Mine]:
    """CPU seconds, templates, and the mine: a collection after every thousand lines."""
    text = [("\n".join(lines[at : at + 1000]) + "\n").encode() for at in range(0, len(lines), 1000)]
    mine = Mine(closely_bytes=1 << 40)
    began_s = time.process_time()
    for number, piece in enumerate(text):
        mine.read(piece)
        mine.tick(float(number), float(number))
    found = len(mine.courses().templates)
    return time.process_time() - began_s, found, mine


def drain3(lines: list[str]) -> tuple[float, int]:
    """CPU seconds and templates of Drain3 as it comes."""
    from drain3 import TemplateMiner
    from drain3.template_miner_config import TemplateMinerConfig

    miner = TemplateMiner(config=TemplateMinerConfig())
    began_s = time.process_time()
    for line in lines:
        miner.add_log_message(line)
    return time.process_time() - began_s, len(miner.drain.clusters)


def memory_kib(lines: list[str]) -> float:
    """What a mine holds when it has read all lines."""
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    mine = ours(lines)[2]
    held = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    del mine
    return held / 1024


def main() -> None:
    """Make the lines, measure, report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=100_000, help="of each kind (default: %(default)s)")
    parser.add_argument("--runs", type=int, default=3, help="how often each is measured (default: %(default)s)")
    options = parser.parse_args()
    rival = find_spec("drain3") is not None
    if not rival:
        print("Drain3 is not installed in this environment, so nothing is measured beside it: pip install drain3")
    print(f"{'lines':24} {'gctail':>14} {'':>10} {'templates':>9} {'memory':>9} {'Drain3':>14} {'templates':>9}   aim")
    for kind, line in KINDS.items():
        chance = random.Random(SEED)
        lines = [line(chance, at) for at in range(options.lines)]
        size_mb = sum(map(len, lines)) / 1e6
        some = lines[: options.lines // 10]
        runs, rivals = [], []
        for _ in range(options.runs):  # in turn, for the machine may be busier at one time than at another
            runs.append(ours(lines))
            rivals += [drain3(some)] if rival else []
        cpu_s = statistics.median(run[0] for run in runs)
        beside = ""
        if rival:
            rival_s = statistics.median(run[0] for run in rivals)
            beside = f"{len(some) / rival_s:12,.0f}/s {rivals[0][1]:9}"
        print(
            f"{kind:24} {len(lines) / cpu_s:12,.0f}/s {size_mb / cpu_s:5.0f} MB/s {runs[0][1]:9} "
            f"{memory_kib(lines[: len(lines) // 4]):5.0f} KiB {beside:24}   {AIM if kind == 'prose' else ''}"
        )


if __name__ == "__main__":
    main()
