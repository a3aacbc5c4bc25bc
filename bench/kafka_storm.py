"""A long storm over a group on a real Kafka: `python bench/kafka_storm.py --seconds 600 [--program scale]`.

What is done to it, and what must come out, is in tests/kafka_storm.py. The logs come as fast as the brokers take them,
and a service that has ended begins anew, so that every blow falls into a backlog; with `--backlog 0` each service's log
comes once, spread over the time.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from gctail.kafka.writing import make_topic
from kafka_broker import Kafka
from kafka_storm import PROGRAMS, Flood, produce, quiet, storm


def main() -> int:
    """Run it and say what came of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--services", type=int, default=200)
    parser.add_argument("--nodes", type=int, default=3)
    parser.add_argument("--partitions", type=int, default=12)
    parser.add_argument("--program", choices=sorted(PROGRAMS), default="kafka")
    parser.add_argument("--backlog", type=int, default=100_000, help="messages that are left to read at most")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    folder = options.folder or Path(tempfile.mkdtemp())
    with Kafka(folder / "kafka", options.nodes) as kafka:
        make_topic(kafka.servers, {}, "logs", options.partitions)
        begun_s, spread_s = time.monotonic(), options.seconds * 0.9
        flood = Flood(kafka.servers, options.services, most_left=options.backlog) if options.backlog else None
        with ThreadPoolExecutor(1) as aside:
            if flood is not None:
                counting = aside.submit(flood.run, spread_s)
            else:
                counting = aside.submit(produce, kafka.servers, options.services, seconds=spread_s)
            wild, done = storm(
                kafka, folder, counting, seconds=options.seconds, seed=options.seed, program=options.program,
                within_s=3600,
            )  # fmt: skip
        count, taken_s = counting.result(), time.monotonic() - begun_s
        print(
            f"{count:,} messages of {options.services} services, {count / taken_s:,.0f}/s read by the group", flush=True
        )
        if flood is not None:
            left = flood.backlogs
            print(f"left to read meanwhile: {median(left):,.0f} messages (median), {max(left):,} at most", flush=True)
        begun_s = time.monotonic()
        calm = quiet(kafka.servers, folder, 3600, options.program)
        print(f"in peace: {len(calm)} findings, {time.monotonic() - begun_s:.0f} s", flush=True)
        twice = [text for text, times in (calm + wild).items() if times > 2 or wild[text] > 1]
        print(f"in the storm: {len(wild)} findings; {len(done)} blows: {Counter(each.split()[0] for each in done)}")
        print(f"lost {len(calm - wild)}, new {len(wild - calm)}, twice {len(twice)}; logs in {folder}")
        for name, texts in (("in peace", calm - wild), ("in the storm", wild - calm)):
            for text in [*texts][:10]:
                print(f"only {name}: {text.decode()}")
        return 0 if calm == wild else 1


if __name__ == "__main__":
    sys.exit(main())
