"""Many plays on followed names: `python bench/follow_play.py --plays 1000 --first 0`; about seven a second.

What is played is in tests/follow_play.py. A fault is told with its seed; `--tell` tells all that happened in its play.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from follow_play import Play


def main() -> int:
    """Play, and say what was lost or came twice."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--plays", type=int, default=1000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--steps", type=int, default=250)
    parser.add_argument("--tell", action="store_true")
    options = parser.parse_args()
    begun_s, bad, lines = time.monotonic(), 0, 0
    for seed in range(options.first, options.first + options.plays):
        with tempfile.TemporaryDirectory() as directory:
            play = Play(Path(directory), seed)
            with mock.patch("time.time_ns", lambda play=play: play.clock.now_ns):
                play.run(options.steps)
            play.close()
        faults = play.faults()
        lines += sum(len(writer.lines) for writer in play.writers)
        if faults:
            bad += 1
            print(f"seed {seed}:", *faults, *(play.told if options.tell else ()), sep="\n  ")
    print(f"{options.plays} plays, {lines:,} lines, {time.monotonic() - begun_s:.0f} s: {bad} with a fault")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
