"""How a program is measured: in a process of its own, several times, by its wall time, processor time and memory."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

MIB = 1 << 20


class Run(NamedTuple):
    """One run of a program."""

    wall_s: float
    cpu_s: float
    memory_mib: float


class Measured(NamedTuple):
    """What was measured, how often, and how much work one run did."""

    name: str
    runs: list[Run]
    amount: float
    unit: str

    @property
    def wall_s(self) -> float:
        """The median."""
        return statistics.median(run.wall_s for run in self.runs)

    @property
    def cpu_s(self) -> float:
        """The median, of user and system time together."""
        return statistics.median(run.cpu_s for run in self.runs)

    @property
    def memory_mib(self) -> float:
        """The largest resident memory of any run."""
        return max(run.memory_mib for run in self.runs)


def gctail() -> str:
    """The installed program, of the environment that measures."""
    return str(Path(sysconfig.get_path("scripts")) / "gctail")


def ripgrep() -> str | None:
    """Its path, past wrappers that cost start-up time (pyenv's), or None where it is not installed."""
    found = shutil.which("rg")
    if found is None:
        return None
    asked = (
        subprocess.run(["pyenv", "which", "rg"], capture_output=True, text=True, check=False) if _has_pyenv() else None
    )
    return asked.stdout.strip() if asked and asked.returncode == 0 else found


def _has_pyenv() -> bool:
    return shutil.which("pyenv") is not None


def run(command: Sequence[str], stdin: Sequence[str] | None = None) -> Run:
    """Run `command`, its output thrown away; `stdin` is a command whose output it reads through a pipe."""
    feeder = subprocess.Popen(stdin, stdout=subprocess.PIPE) if stdin else None
    began_s = time.perf_counter()
    reads = feeder.stdout if feeder else subprocess.DEVNULL
    # Without bytecode files every start compiles a hundred modules: 0.5 s that no user pays.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    child = subprocess.Popen(command, stdin=reads, stdout=subprocess.DEVNULL, env=environment)
    if feeder and feeder.stdout:
        feeder.stdout.close()
    _, status, used = os.wait4(child.pid, 0)
    wall_s = time.perf_counter() - began_s
    child.returncode = os.waitstatus_to_exitcode(status)
    if feeder:
        feeder.wait()
    if child.returncode > 1:
        sys.exit(f"{' '.join(command)} ended with {child.returncode}")
    memory_mib = used.ru_maxrss / (1024 if sys.platform.startswith("linux") else MIB)
    return Run(wall_s, used.ru_utime + used.ru_stime, memory_mib)


def measure(
    name: str, command: Sequence[str], work: tuple[float, str], times: int, stdin: Sequence[str] | None = None
) -> Measured:
    """Run `command` so many times, after one run that nobody counts; `work` is what one run does, and in which unit."""
    if times > 1:
        run(command, stdin)
    return Measured(name, [run(command, stdin) for _ in range(times)], *work)


def report(all_measured: Sequence[Measured], rival: Measured | None, targets: dict[str, str]) -> None:
    """A table: medians, spread, and how many times the rival's wall time each took."""
    print(f"{'what':34} {'wall':>9} {'spread':>13} {'rate':>16} {'per CPU s':>11} {'memory':>9} {'to rg -c':>9}  aim")
    for one in all_measured:
        walls = sorted(run.wall_s for run in one.runs)
        ratio = f"{one.wall_s / rival.wall_s:8.1f}x" if rival and rival.unit == one.unit else ""
        print(
            f"{one.name:34} {one.wall_s:8.3f}s {walls[0]:6.2f}-{walls[-1]:5.2f}s "
            f"{one.amount / one.wall_s:11,.0f} {one.unit}/s {one.amount / one.cpu_s:9,.0f}/s "
            f"{one.memory_mib:5.0f} MiB {ratio:>9}  {targets.get(one.name, '')}"
        )


@contextmanager
def directory(kept: str | None) -> Iterator[Path]:
    """Where logs are made: `kept`, where they stay for the next time, or a temporary place."""
    if kept:
        Path(kept).mkdir(parents=True, exist_ok=True)
        yield Path(kept)
        return
    with tempfile.TemporaryDirectory(prefix="gctail-bench-") as made:
        yield Path(made)
