"""How fast a log is read inside what container runtimes, journald, syslog and command lines put around its lines.

`python bench/wrapped.py` takes some minutes. The lines are those of the mixed log (`logs.py`), of which several
services take turns where the wrapper names them. CPU seconds of the whole command, start-up included, medians.

Measured (48 MiB, two cores with a load of 10), thousand lines a CPU second: no wrapper 158, CRI 144, docker json-file
119, docker logs -t 81, compose, kubectl, stern, journald and syslog with three services 58 to 64 (41 where their lines
were unwrapped one by one), journalctl -o json and Fluent Bit 36 (30).
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from logs import LINES_PER_S, START, mixed
from timing import directory, gctail, measure

MIB = 1 << 20
SERVICES = "shop", "pay", "search"
RUN_LINES = 3
"""So many lines of a service stand together, in the mean."""


def _iso(at: int) -> str:
    return (START + timedelta(seconds=at / LINES_PER_S)).isoformat(timespec="microseconds").removesuffix("+00:00")


def _service(at: int) -> str:
    return SERVICES[at // RUN_LINES % len(SERVICES)]


def _syslog_time(at: int) -> str:
    return (START + timedelta(seconds=at / LINES_PER_S)).strftime("%b %d %H:%M:%S")


def _journal(text: str, at: int) -> str:
    service = _service(at)
    fields = {
        "__CURSOR": f"s=f4b1;i={at:x};b=9a2c;m={at:x};t={at:x};x={at:x}",
        "__REALTIME_TIMESTAMP": str(1_795_403_520_000_000 + at * 500),
        "__MONOTONIC_TIMESTAMP": str(at * 500),
        "_BOOT_ID": "9a2c41d1f1b24a0f8f5d9a2c41d1f1b2",
        "_TRANSPORT": "stdout",
        "PRIORITY": "6",
        "SYSLOG_IDENTIFIER": service,
        "MESSAGE": text,
        "_PID": "812",
        "_UID": "0",
        "_COMM": service,
        "_EXE": f"/usr/bin/{service}",
        "_SYSTEMD_UNIT": f"{service}.service",
        "_HOSTNAME": "node-3",
    }
    return json.dumps(fields)


WRAPPERS: dict[str, Callable[[str, int], str]] = {
    "none": lambda text, _: text,
    "docker json-file": lambda text, at: json.dumps(
        {"log": f"{text}\n", "stream": "stderr", "time": f"{_iso(at)}123Z"}, separators=(",", ":")
    ),
    "CRI": lambda text, at: f"{_iso(at)}123Z stderr F {text}",
    "docker logs -t": lambda text, at: f"{_iso(at)}123Z {text}",
    "docker compose": lambda text, at: f"{_service(at) + '-1':9} | {text}",
    "kubectl --prefix": lambda text, at: f"[pod/{_service(at)}-7d9f8c5b6-x2xz9/app] {text}",
    "stern": lambda text, at: f"{_service(at)}-7d9f8c5b6-x2xz9 app {text}",
    "journalctl": lambda text, at: f"{_syslog_time(at)} node-3 {_service(at)}[812]: {text}",
    "journalctl -o short-iso": lambda text, at: f"{_iso(at)[:19]}+0000 node-3 {_service(at)}[812]: {text}",
    "journalctl -o json": _journal,
    "syslog RFC 5424": lambda text, at: f"<14>1 {_iso(at)}Z node-3 {_service(at)} 812 - - {text}",
    "Fluent Bit": lambda text, at: json.dumps(
        {
            "date": 1_795_403_520 + at / LINES_PER_S,
            "log": f"{text}\n",
            "stream": "stderr",
            "kubernetes": {"pod_name": f"{_service(at)}-7d9f8c5b6-x2xz9", "container_name": "app"},
        }
    ),
}


def write_wrapped(place: Path, name: str, mib: int) -> tuple[Path, int]:
    """The log inside a wrapper, and how many bytes the programs themselves have written."""
    log, wrap = place / f"wrapped-{name.replace(' ', '-')}-{mib}.log", WRAPPERS[name]
    at = size = 0
    with log.open("w", encoding="utf-8", newline="") as out:
        for block in mixed(mib * MIB):
            size += len(block)
            for line in block.decode().splitlines():
                out.write(wrap(line, at) + "\n")
                at += 1
    return log, size


def main() -> None:
    """Make the logs, measure, report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mib", type=int, default=64, help="size of the log without a wrapper (default: %(default)s)")
    parser.add_argument("--runs", type=int, default=3, help="how often each is measured (default: %(default)s)")
    parser.add_argument("--only", nargs="*", default=list(WRAPPERS), help="names of wrappers (default: all)")
    parser.add_argument("--directory", help="where to keep the logs (default: nowhere)")
    options = parser.parse_args()
    print(f"{'wrapper':26} {'MB per CPU s':>12} {'without it':>10} {'lines per CPU s':>15} {'memory':>9}")
    with directory(options.directory) as place:
        for name in options.only:
            log, size = write_wrapped(place, name, options.mib)
            with log.open("rb") as file:
                lines = sum(1 for _ in file)
            taken = measure(
                name, [gctail(), str(log), "--output", "json"], (log.stat().st_size / 1e6, "MB"), options.runs
            )
            print(
                f"{name:26} {taken.amount / taken.cpu_s:12,.0f} {size / 1e6 / taken.cpu_s:10,.0f} "
                f"{lines / taken.cpu_s:15,.0f} {taken.memory_mib:5.0f} MiB",
                flush=True,
            )


if __name__ == "__main__":
    main()
