"""Whose text is searched for suspects, where there are more services than there is memory for."""

import random

import pytest

from gctail.engine import Engine
from gctail.engine.mined import USUAL_KIB
from gctail.parsing.scanner import Scanner
from gctail.service import Service

GC = "gc {n} @{at:.3f}s 1%: 0.1+1.0+0.1 ms clock, 0.2+0.1/1.0/0.5+0.2 ms cpu, {top}->{top}->{live} MB, {top} MB goal, 0 MB stacks, 0 MB globals, 4 P\n"


def log_of(*, leaks=False, count=20, says=lambda _: ""):
    """A service that collects once a second, and says something each time."""
    lines = []
    for n in range(1, count + 1):
        live = 20 + (n if leaks else n % 2)
        lines += [f'level=info msg="session opened" key=k{n}\n' * (1 + n % 3), says(n)]
        lines.append(GC.format(n=n, at=float(n), top=2 * live, live=live))
    return "".join(lines).encode()


def read(engine, name, log):
    """A log to its end."""
    scanner = Scanner(name, name)
    scanner.feed(log)
    scanner.flush()
    for _ in engine.all(scanner.take()):
        pass
    return engine.services[name]


@pytest.fixture
def engine():
    """There is memory for eight usual services."""
    made = Engine()
    made.mined.share, made.mined.most_kib = 1.0, 8 * USUAL_KIB
    return made


def test_one_that_grows_takes_the_place_of_one_that_is_calm(engine):
    for number in range(9):
        read(engine, f"calm-{number}", log_of())
    assert len(engine.mined) == 8
    assert read(engine, "leaky", log_of(leaks=True, count=200)).mining
    assert len(engine.mined) == 8


def test_who_has_endless_kinds_of_lines_takes_no_more_than_there_is_nor_the_place_of_others(engine):
    chance = random.Random(1)  # noqa: S311  (repeatable, no secret)

    def noise(_):
        words = ["".join(chance.choices("abcdefghijklmnop", k=6)) for _ in range(300)]
        return "".join(f"{word} {' '.join(chance.choices(words, k=chance.randint(2, 9)))} n=1\n" for word in words)

    leaky = read(engine, "leaky", log_of(leaks=True, count=200))
    read(engine, "calm", log_of())
    hostile = read(engine, "hostile", log_of(says=noise, count=60))
    assert hostile.mined_kib <= engine.mined.most_kib < 2000, "alone it would have 3,000 KiB and more"
    assert leaky.mining
    assert engine.services["calm"].mining
    assert engine.mined.held_kib <= engine.mined.most_kib


def test_one_that_grew_elsewhere_takes_the_place_of_one_that_is_calm(engine):
    """Members of a group die, and who has room for it goes on with what they knew."""
    elsewhere = Engine()
    elsewhere.mined.share = 1.0
    state = read(elsewhere, "leaky", log_of(leaks=True, count=200)).state()
    for number in range(9):
        read(engine, f"calm-{number}", log_of())
    engine.adopt(Service.restore(state))
    assert engine.services["leaky"].mined_kib
    assert len(engine.mined) == 8


def test_what_is_known_of_a_service_takes_no_memory_when_it_is_gone(engine):
    read(engine, "leaky", log_of(leaks=True, count=200))
    assert engine.mined.held_kib == USUAL_KIB
    engine.let_go("leaky")
    assert (len(engine.mined), engine.mined.held_kib) == (0, 0)


def test_a_service_that_only_logs_the_size_of_its_heap_has_its_text_searched_too(engine):
    """And it is not the line that tells of the heap which is suspected."""

    chance = random.Random(3)  # noqa: S311  (repeatable, no secret)
    live_mib, lines = 20, []
    for at in range(60):
        opened = chance.randrange(6)
        live_mib += opened
        stamp = f"time=2026-11-28T08:{at:02d}:00Z level=INFO"
        lines += [f'{stamp} msg="session opened" key=k{at}-{each}\n' for each in range(opened)]
        lines += [f"{stamp} msg=tick\n"] * 3
        lines.append(f"{stamp} msg=memory heap_alloc_mb={live_mib} next_gc_mb={2 * live_mib} num_gc={at + 1}\n")
    service = read(engine, "sampled", "".join(lines).encode())
    assert (service.collections, service.mining) == (0, 1.0)
    assert [each["message"] for each in service.suspects()] == ["session opened"]
