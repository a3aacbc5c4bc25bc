"""A long storm over followed files: `python bench/follow_storm.py --kills 200 --seed 1`.

What is done to the files and to gctail, and what must come out, is in tests/follow_storm.py.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from follow_storm import Storm


def main() -> int:
    """Run it and say what came of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=float("inf"))
    parser.add_argument("--services", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    folder = options.folder or Path(tempfile.mkdtemp())
    begun_s = time.monotonic()
    with Storm(folder, options.seed, services=options.services) as storm:
        storm.rage(seconds=options.seconds, kills=options.kills)
    faults = storm.faults()
    written = sum(log.written for log in storm.logs)
    collections = sum(log.number for log in storm.logs)
    print(f"{time.monotonic() - begun_s:.0f} s, seed {options.seed}: {dict(storm.done)}")
    print(f"{written:,} bytes, {sum(log.lines for log in storm.logs):,} lines, {collections:,} records")
    print(f"findings told again after a kill, by id: {storm.told_twice}; logs in {folder}")
    print("\n".join(faults) if faults else "nothing lost, nothing twice")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
