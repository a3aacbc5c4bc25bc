"""`gctail -f` beside its rivals, how fast and how cheap: `python bench/follow.py [duel] [latency] [idle] [replay] …`.

The duel: one log of numbered collections is rotated by rename, with late writes to the old file, and by copytruncate;
tail -F, mtail and rsyslog (where they are installed) follow it beside gctail, and each must have every line once.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from logs import mixed, write
from timing import gctail

from following import GC, Gctail

LINES = 20_000
TICKS_PER_S = os.sysconf("SC_CLK_TCK")


def line(number: int, live: int = 30) -> bytes:
    """A collection with this number."""
    return GC.format(number, number * 0.01, 0.3, live * 2 - 1, live * 2, live, live * 2).encode()


def play(path: Path, *, copies: bool) -> int:
    """Write numbered lines through rotations; how many."""
    number, file = 0, path.open("ab", buffering=0)
    while number < LINES:
        for _ in range(100):
            file.write(b"".join(line(each) for each in range(number + 1, number + 11)))
            number += 10
            time.sleep(0.001)
        if copies:
            path.with_name(f"{path.name}.{number}").write_bytes(path.read_bytes())
            os.truncate(path, 0)
            continue
        path.rename(path.with_name(f"{path.name}.{number}"))
        path.touch()
        time.sleep(0.05)
        for _ in range(100):  # the writer has not noticed yet
            number += 1
            file.write(line(number))
        file.close()
        file = path.open("ab", buffering=0)
    file.close()
    time.sleep(3.0)
    return number


def by_tail(folder: Path, path: Path, act: Callable[[], int]) -> str:
    """What coreutils' tail -F hands on."""
    out = folder / "tail.out"
    with out.open("wb") as file:
        child = subprocess.Popen(["tail", "-n", "+1", "-F", path], stdout=file, stderr=subprocess.DEVNULL)
    return _counted(child, act, out.read_bytes)


def by_rsyslog(folder: Path, path: Path, act: Callable[[], int]) -> str:
    """What rsyslog's imfile hands on."""
    out, config = folder / "rsyslog.out", folder / "rsyslog.conf"
    config.write_text(
        f'global(workDirectory="{folder}")\nmodule(load="imfile" mode="inotify")\n'
        f'template(name="raw" type="string" string="%msg%\\n")\n'
        f'input(type="imfile" file="{path}" tag="x" reopenOnTruncate="on")\n'
        f'action(type="omfile" file="{out}" template="raw")\n'
    )
    command = ["rsyslogd", "-n", "-f", config, "-i", folder / "rsyslog.pid"]
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return _counted(child, act, lambda: out.read_bytes() if out.exists() else b"")


def by_mtail(folder: Path, path: Path, act: Callable[[], int]) -> str:
    """How many lines mtail counts; which ones, it does not say."""
    program = folder / "count.mtail"
    program.write_text("counter lines\n/^gc / {\n  lines++\n}\n")
    command = ["mtail", "--progs", program, "--logs", path, "--port", "13903", "--address", "127.0.0.1"]
    child = subprocess.Popen([*command, "--log_dir", folder], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(2.0)
    written = act()
    with urllib.request.urlopen("http://127.0.0.1:13903/metrics") as answer:
        counted = re.search(r"^lines\S* (\d+)", answer.read().decode(), re.MULTILINE)
    child.terminate()
    child.wait()
    return f"{counted[1] if counted else 0} of {written} lines"


def by_gctail(folder: Path, path: Path, act: Callable[[], int]) -> str:
    """What gctail's ledger says."""
    kept = folder / "gctail"
    kept.mkdir()
    with Gctail(kept, path) as running:
        running.start()
        time.sleep(2.0)
        written = act()
        running.stop()
    ledger = running.knows()[path.stem].ledger()
    return f"{ledger['seen'] + ledger['late']} of {written} lines, {ledger['doubled']} twice, {ledger['late']} late"


def _counted(child: subprocess.Popen[bytes], act: Callable[[], int], read: Callable[[], bytes]) -> str:
    time.sleep(2.0)
    written = act()
    child.terminate()
    child.wait()
    numbers = Counter(int(found) for found in re.findall(rb"^ ?gc (\d+) @", read(), re.MULTILINE))
    return f"{len(numbers)} of {written} lines, {sum(numbers.values()) - len(numbers)} twice"


def duel() -> None:
    """All that are installed, one after the other."""
    rivals = {"gctail": by_gctail, "tail": by_tail, "mtail": by_mtail, "rsyslogd": by_rsyslog}
    for copies in (False, True):
        print("copytruncate" if copies else "rename and create, with late writes")
        for name, follow in rivals.items():
            if name != "gctail" and shutil.which(name) is None:
                print(f"  {name}: not installed")
                continue
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / "app.log"
                path.touch()
                outcome = follow(Path(folder), path, lambda path=path, copies=copies: play(path, copies=copies))
                print(f"  {name}: {outcome}", flush=True)


def latency(seconds: float = 20.0) -> None:
    """From a line in the file to what is told of it on standard output (-v), at 20 000 lines a second."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "app.log"
        path.touch()
        command = [gctail(), "-f", "-v", path, "--state", folder]
        child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        came: dict[int, float] = {}

        def listen() -> None:
            for told in child.stdout or ():
                number = re.search(rb"\bgc (\d+)\b", told)
                if number is not None:
                    came.setdefault(int(number[1]), time.monotonic())

        listener = threading.Thread(target=listen)
        listener.start()
        time.sleep(3.0)
        written, number, begun_s, lines = {}, 0, time.monotonic(), 0
        application = b'time=2026-11-23T03:00:00Z level=info msg="request processed" id=123456\n' * 200
        with path.open("ab", buffering=0) as log:
            while (now_s := time.monotonic()) < begun_s + seconds:
                log.write(application)
                lines += 200
                if lines % 1000 == 0:
                    number += 1
                    written[number] = time.monotonic()
                    log.write(line(number))
                time.sleep(max(0.0, begun_s + lines / 20_000 - now_s))
        time.sleep(2.0)
        cpu_s = _cpu_s(child.pid)
        child.send_signal(signal.SIGTERM)
        listener.join()
        child.wait()
    delays = sorted((came[each] - written[each]) * 1000 for each in written if each in came)
    p99 = delays[int(len(delays) * 0.99)]
    print(
        f"line to its telling at {lines / seconds:,.0f} lines/s: p50 {statistics.median(delays):.1f} ms, "
        f"p99 {p99:.1f} ms, longest {delays[-1]:.1f} ms of {len(delays)} (all: {len(written)}); "
        f"CPU {100 * cpu_s / seconds:.0f} %"
    )


def idle(seconds: float = 30.0) -> None:
    """What it costs when nobody writes: one file, and 500 files with 10 000 services."""
    for files, services in ((1, 1), (500, 20)):
        with tempfile.TemporaryDirectory() as folder:
            for number in range(files):
                text = b"".join(
                    b"service-%d-%d  | " % (number, service) + line(each)
                    for each in range(1, 4)
                    for service in range(services)
                )
                (Path(folder) / f"{number}.log").write_bytes(text)
            command = [gctail(), "-f", f"{folder}/*.log", "--output", "jsonl", "--state", folder]
            child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            begun_s, before_s = time.monotonic(), -1.0
            while (now_s := _cpu_s(child.pid)) - before_s > 0.06 or now_s < 0.3:  # until it has caught up and saved
                before_s = now_s
                time.sleep(10.0)
            caught_up_s = time.monotonic() - begun_s
            time.sleep(seconds)
            share = 100 * (_cpu_s(child.pid) - now_s) / seconds
            print(
                f"{files} files, {files * services} services: idle CPU {share:.2f} %, "
                f"{_memory_mib(child.pid):.0f} MiB, {now_s:.1f} s of CPU in the first {caught_up_s:.0f} s"
            )
            stopping_s = time.monotonic()
            child.send_signal(signal.SIGTERM)
            child.wait()
            print(f"  stopped within {time.monotonic() - stopping_s:.1f} s of SIGTERM", flush=True)


def replay(mib: int = 300) -> None:
    """A day of a service that writes 30 lines a second, read as fast as it goes, with the memory on the way."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "app.log"
        with path.open("wb") as out:
            write(mixed(mib << 20), out)
        command = [gctail(), "-f", path, "--output", "jsonl", "--state", folder]
        begun_s = time.monotonic()
        child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        memory, before_s = [], -1.0
        while (now_s := _cpu_s(child.pid)) - before_s > 0.1 or now_s < 0.3:
            before_s = now_s
            time.sleep(1.0)
            memory.append(_memory_mib(child.pid))
        took_s = time.monotonic() - begun_s
        child.send_signal(signal.SIGTERM)
        child.wait()
    tenth = max(1, len(memory) // 10)
    shown = ", ".join(f"{each:.0f}" for each in memory[::tenth])
    print(f"{mib} MiB followed in {took_s:.0f} s ({now_s:.1f} s of CPU); resident MiB on the way: {shown}")


def pods(minutes: float = 6.0, at_a_time: int = 200) -> None:
    """Thousands of pods that live for some seconds: the memory on the way, and what was told of them."""
    with tempfile.TemporaryDirectory() as folder:
        command = [gctail(), "-f", f"{folder}/pods/*/*/*.log", "--output", "jsonl", "--state", f"{folder}/state"]
        out = Path(folder) / "told.jsonl"
        with out.open("wb") as told:
            child = subprocess.Popen(command, stdout=told, stderr=subprocess.DEVNULL)
        begun_s, started, living, memory = time.monotonic(), 0, list[Path](), list[float]()
        while (now_s := time.monotonic()) < begun_s + 60 * minutes:
            while len(living) < at_a_time:
                started += 1
                log = Path(folder) / "pods" / f"shop_job-{started}_{started}" / "app" / "0.log"
                log.parent.mkdir(parents=True)
                log.write_bytes(b"".join(line(number) for number in range(1, 60)))
                living.append(log)
            time.sleep(0.5)
            for log in living[:10]:
                shutil.rmtree(log.parent.parent)
            del living[:10]
            if len(memory) <= (now_s - begun_s) / 15:
                memory.append(_memory_mib(child.pid))
        cpu_s = _cpu_s(child.pid)
        child.send_signal(signal.SIGTERM)
        child.wait()
        findings = out.read_bytes().count(b'"type":"finding"')
    shown = ", ".join(f"{each:.0f}" for each in memory)
    print(f"{started} pods in {minutes:.0f} minutes, {at_a_time} at a time: {findings} findings, {cpu_s:.0f} s of CPU;")
    print(f"  resident MiB every 15 s: {shown}", flush=True)


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


def _memory_mib(pid: int) -> float:
    found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) / 1024 if found else 0.0


if __name__ == "__main__":
    for name in sys.argv[1:] or ["duel", "latency", "idle", "replay", "pods"]:
        {"duel": duel, "latency": latency, "idle": idle, "replay": replay, "pods": pods}[name]()
