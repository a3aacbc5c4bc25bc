"""A day of a real Go program in minutes: `python bench/day.py [MIB]`, 600 by default; the memory on the way.

The program serves requests with bounded caches for some seconds, under GODEBUG=gctrace=1. What it wrote then is laid
end to end until 24 hours are full: times, uptimes and the numbers of collections go on, all else is as it was printed.
`gctail FILE` reads it, and `gctail -f` follows it, with its state.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from follow import _cpu_s, _memory_mib
from timing import gctail

from following import Gctail

DAY_S = 86400.0
START = datetime(2026, 11, 23, tzinfo=UTC)
PROGRAM = """
package main

import (
	"log/slog"
	"math/rand"
	"os"
	"time"
)

func main() {
	log := slog.New(slog.NewTextHandler(os.Stdout, nil))
	cache := map[int][]byte{}
	for begin, i := time.Now(), 0; time.Since(begin) < 8*time.Second; i++ {
		user := rand.Intn(20000)
		cache[user%2000] = make([]byte, 16<<10)
		switch i % 3 {
		case 0:
			log.Info("request served", "method", "GET", "path", "/orders", "status", 200, "user", user)
		case 1:
			log.Info("session stored", "user", user, "bytes", 16<<10)
		default:
			log.Warn("slow query", "table", "orders", "took", time.Duration(rand.Intn(1e9)).String())
		}
		time.Sleep(2 * time.Millisecond)
	}
}
"""
SAID = re.compile(rb"time=\S+ (level=.*\n)")
COLLECTED = re.compile(rb"gc (\d+) @([\d.]+)s (.*P\n)")


def recorded(folder: Path) -> list[tuple[bytes, float | None]]:
    """The lines that the program wrote, without their times, and of collections their uptime."""
    source = folder / "main.go"
    source.write_text(PROGRAM)
    subprocess.run(["go", "build", "-o", folder / "program", source], check=True)
    environment = {**os.environ, "GODEBUG": "gctrace=1"}
    told = subprocess.run([folder / "program"], env=environment, capture_output=True, check=True)
    said = [(found[1], None) for line in told.stdout.splitlines(keepends=True) if (found := SAID.fullmatch(line))]
    collected = [
        (found[3], float(found[2]))
        for line in told.stderr.splitlines(keepends=True)
        if (found := COLLECTED.fullmatch(line))
    ]
    each = max(1, len(said) // len(collected))
    lines: list[tuple[bytes, float | None]] = []
    for number, collection in enumerate(collected):
        lines += [*said[number * each : (number + 1) * each], collection]
    return lines


def day(lines: list[tuple[bytes, float | None]], mib: int) -> Iterator[bytes]:
    """The lines over and over until they are so many MiB, spread over a day."""
    size = sum(len(line) + 36 for line, _ in lines)
    rounds = max(1, (mib << 20) // size)
    step_s = DAY_S / rounds / len(lines)
    at_s, number = 0.0, 0
    for _ in range(rounds):
        block = []
        for line, uptime_s in lines:
            at_s += step_s
            if uptime_s is None:
                stamp = (START + timedelta(seconds=at_s)).isoformat(timespec="milliseconds").encode()
                block.append(b"time=%s %s" % (stamp, line))
            else:
                number += 1
                block.append(b"gc %d @%.3fs %s" % (number, at_s, line))
        yield b"".join(block)


def watched(pid: int, is_over: Callable[[], bool]) -> str:
    """How long it takes until it `is_over`, and the resident memory on the way."""
    begun_s, memory, cpu_s = time.monotonic(), list[float](), 0.0
    while not is_over():
        with suppress(OSError, IndexError):  # it has ended in this moment
            cpu_s, held = _cpu_s(pid), _memory_mib(pid)
            memory += [held] if held else []
        time.sleep(0.25)
    shown = ", ".join(f"{each:.0f}" for each in memory[:: max(1, len(memory) // 15)])
    return f"{time.monotonic() - begun_s:.0f} s, {cpu_s:.0f} s of CPU; resident MiB on the way: {shown}"


def main() -> None:
    """Make the day, and read it in both ways."""
    mib = int(sys.argv[1]) if len(sys.argv) > 1 else 600
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        log, told = folder / "app.log", folder / "read.jsonl"
        lines = recorded(folder)
        with log.open("wb") as out:
            out.writelines(day(lines, mib))
        size = log.stat().st_size
        print(f"24 hours in {size / (1 << 20):.0f} MiB", flush=True)
        with told.open("wb") as out:
            child = subprocess.Popen([gctail(), log, "--output", "jsonl"], stdout=out, stderr=subprocess.DEVNULL)
            print(f"  read: {watched(child.pid, lambda: child.poll() is not None)}")
        print(f"    told: {_kinds(json.loads(line) for line in told.read_bytes().splitlines())}", flush=True)
        with Gctail(folder, log) as following:
            following.start()
            pid = following.child.pid if following.child is not None else 0
            saved = watched(pid, lambda: _saved_bytes(following, log) >= size)
            following.stop()
        print(f"  followed, until all was saved: {saved}")
        print(f"    told: {_kinds(following.told())}", flush=True)


def _kinds(findings: Iterable[dict[str, Any]]) -> dict[str, int]:
    return dict(Counter(finding["kind"] for finding in findings))


def _saved_bytes(following: Gctail, log: Path) -> int:
    position = following.position(log)
    return position["place"]["delivered_bytes"] if position is not None else 0


if __name__ == "__main__":
    main()
