"""A day of a real Go program in minutes: `python bench/day.py [MIB]`, 600 by default; the memory on the way.

The program serves requests with bounded caches for some seconds, under GODEBUG=gctrace=1. What it wrote then is laid
end to end until 24 hours are full: times, uptimes and the numbers of collections go on, all else is as it was printed.
`gctail FILE` reads it, and `gctail -f` follows it, with its state.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from follow import _cpu_s, _memory_mib
from timing import gctail

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


def watched(child: subprocess.Popen[bytes], *, to_its_end: bool) -> tuple[float, float, list[float]]:
    """Seconds, seconds of CPU and resident MiB on the way, until it has ended or has nothing more to do."""
    begun_s, memory, cpu_s, before_s = time.monotonic(), list[float](), 0.0, -1.0
    while child.poll() is None and (to_its_end or cpu_s - before_s > 0.05 or cpu_s < 1.0):
        before_s = cpu_s
        time.sleep(1.0)
        try:
            cpu_s, held = _cpu_s(child.pid), _memory_mib(child.pid)
        except (OSError, IndexError):
            break
        memory += [held] if held else []
    return time.monotonic() - begun_s, cpu_s, memory


def main() -> None:
    """Make the day, and read it in both ways."""
    mib = int(sys.argv[1]) if len(sys.argv) > 1 else 600
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        log = folder / "app.log"
        lines = recorded(folder)
        with log.open("wb") as out:
            out.writelines(day(lines, mib))
        ways = {"read": [gctail(), log], "followed": [gctail(), "-f", log, "--state", folder / "state"]}
        for way, command in ways.items():
            told = folder / f"{way}.jsonl"
            with told.open("wb") as out:
                child = subprocess.Popen([*command, "--output", "jsonl"], stdout=out, stderr=subprocess.DEVNULL)
                took_s, cpu_s, memory = watched(child, to_its_end=way == "read")
                if child.poll() is None:
                    child.send_signal(signal.SIGTERM)
                child.wait()
            tenth = max(1, len(memory) // 12)
            shown = ", ".join(f"{each:.0f}" for each in memory[::tenth])
            print(f"24 h, {log.stat().st_size / (1 << 20):.0f} MiB, {way} in {took_s:.0f} s ({cpu_s:.0f} s of CPU);")
            print(f"  {told.read_bytes().count(b'finding')} findings; resident MiB: {shown}", flush=True)


if __name__ == "__main__":
    main()
