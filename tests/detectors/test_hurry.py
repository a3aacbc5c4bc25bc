"""Many collections at once come to exactly the same as one by one: state, findings, report."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any

import pytest

from gctail.engine import Engine, report
from gctail.parsing.burst import Burst, Found, one_by_one
from gctail.parsing.scanner import Scanner
from gctail.service import Service


def lines(count: int, leak_mib: float, seed: int, every_s: float = 0.5, goal: int | None = None) -> Iterator[bytes]:
    """A process whose live heap grows by `leak_mib` a collection, as Go 1.24 prints it."""
    chance = random.Random(seed)  # noqa: S311 - repeatable, no secret
    for number in range(1, count + 1):
        live = 40 + leak_mib * number + 6 * chance.random() + (25 if number % 700 > 600 else 0)
        start = 2 * live - 3 * chance.random()
        asked = goal or 2 * live + 1
        yield b"gc %d @%.3fs 2%%: %.3f+%.1f+%.3f ms clock, 0.1+0.2/1.1/0.3+0.01 ms cpu, %s" % (
            *(number, 0.1 + number * every_s, 0.2 * chance.random(), 2 + chance.random(), 0.02),
            *(
                b"%d->%d->%d MB, %d MB goal, %d MB stacks, 0 MB globals, 4 P\n"
                % (start, start + 2, live, asked, number % 3),
            ),
        )


LOGS = {
    "grows": b"".join(lines(6000, 0.05, 1)),
    "stays": b"".join(lines(6000, 0.0, 2)),
    "restarts": b"".join([*lines(3000, 0.02, 3), *lines(2500, 0.0, 4)]),
    "talks in between": b"".join([*lines(2500, 0.05, 5)][:2000]) + b"starting\n" + b"".join([*lines(2500, 0.05, 5)][2000:]),
    "misses some": b"".join([line for at, line in enumerate(lines(4000, 0.03, 6)) if at % 901]),
    "spirals": b"".join(lines(3000, 0.03, 7, every_s=0.003, goal=90)),
    "sets another GOGC": b"".join([*[*lines(4000, 0.0, 10)][:1500], *[*lines(4000, 0.0, 10, goal=150)][1500:]]),
    "forces some": b"".join(line if at % 50 else line[:-1] + b" (forced)\n" for at, line in enumerate(lines(3000, 0.02, 11))),
    "was built with Go 1.14": b"".join(line.replace(b" MB stacks, 0 MB globals, 4 P", b" P") for line in lines(4000, 0.03, 12)),
    "dies and lives": b"".join(lines(1500, 0.1, 8)) + b"fatal error: runtime: out of memory\n\n" + b"".join(lines(1500, 0.1, 9)),
}  # fmt: skip


def found_in(log: bytes) -> list[Found]:
    """What a scanner finds, with copies of the text between."""
    scanner = Scanner("log", "log")
    found: list[Found] = []
    for at in range(0, len(log), 100_000):
        scanner.feed(log[at : at + 100_000])
        scanner.space()
        found += scanner.take_bursts()
    scanner.flush()
    return found + scanner.take_bursts()


def outcome(found: list[Any], limit_mib: float | None) -> tuple[str, str, list[Any]]:
    """Findings, the whole state of every service, and the report."""
    engine = Engine(limit_mib=limit_mib)
    findings = [finding for seen in engine.all(found) for finding in seen.findings]
    states = json.dumps([service.state() for service in engine.services.values()], default=str)
    return states, repr(report(engine, {})), findings


@pytest.mark.parametrize("limit_mib", [None, 300.0, 2000.0])
@pytest.mark.parametrize("log", LOGS.values(), ids=LOGS)
def test_a_burst_comes_to_the_same_as_its_collections(log: bytes, limit_mib: float | None) -> None:
    """Not one bit of the state differs."""
    found = found_in(log)
    assert any(isinstance(each, Burst) for each in found)
    assert outcome(found, limit_mib) == outcome(list(one_by_one(found)), limit_mib)


def test_a_service_that_was_restored_in_the_middle_of_a_burst_goes_on_the_same() -> None:
    """Saved after two thousand collections, restored, and given the rest in bursts."""
    found = found_in(LOGS["grows"])
    straight, stopped = Engine(), Engine()
    for _ in straight.all(found):
        pass
    for _ in stopped.all(found[:4]):
        pass
    state = json.loads(json.dumps(stopped.services["log"].state()))
    stopped.services["log"] = Service.restore(state)
    for _ in stopped.all(found[4:]):
        pass
    assert repr(straight.services["log"].current.judge.state()) == repr(stopped.services["log"].current.judge.state())
