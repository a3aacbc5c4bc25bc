"""`--max-memory`: the least useful is let go of first, what leaks is kept, and every time it is said."""

import re

import pytest

from gctail.cli import main
from gctail.engine import Engine
from gctail.parsing.scanner import Scanner
from gctail.runners.diet import Diet, held_mib

GC = "gc {n} @{at:.3f}s 1%: 0.1+1.0+0.1 ms clock, 0.2+0.1/1.0/0.5+0.2 ms cpu, {top}->{top}->{live} MB, {top} MB goal, 0 MB stacks, 0 MB globals, 4 P\n"


def log_of(growing, count=200):
    """A service that collects once a second and says something each time."""
    lines = []
    for n in range(1, count + 1):
        live = 20 + (n if growing else n % 2)
        lines += [f'level=info msg="stored" key=k{n} size={n}\n', GC.format(n=n, at=float(n), top=2 * live, live=live)]
    return "".join(lines)


def engine_with(leaky, calm):
    engine = Engine(limit_mib=1024)
    engine.mined.share = 1.0
    for name in [f"calm-{at}" for at in range(calm)] + [f"leaky-{at}" for at in range(leaky)]:
        scanner = Scanner(name, name)
        scanner.feed(log_of(name.startswith("leaky")).encode())
        scanner.flush()
        for _ in engine.all(scanner.take()):
            pass
    return engine


def test_first_go_the_lines_of_those_that_do_not_grow_then_they_themselves_and_at_last_nothing_is_left():
    engine = engine_with(leaky=2, calm=6)
    assert engine.shed() == "the lines of 6 services are no longer searched for suspects"
    assert all(engine.services[f"leaky-{at}"].mining for at in range(2))
    assert engine.services["leaky-0"].suspects()
    assert engine.shed() == "the lines of 2 services are no longer searched for suspects"
    assert engine.shed() == "2 services that look well are forgotten until they are heard again"
    assert {"leaky-0", "leaky-1"} <= set(engine.services)
    while engine.shed() is not None:
        pass
    assert {"leaky-0", "leaky-1"} <= set(engine.services)


def test_who_was_let_go_comes_back_when_it_is_heard_and_no_more_are_kept_than_fit():
    engine = engine_with(leaky=1, calm=7)
    while len(engine.services) > 4:
        engine.shed()
    scanner = Scanner("calm-0", "calm-0")
    scanner.feed(log_of(growing=False).encode())
    scanner.flush()
    for _ in engine.all(scanner.take()):
        pass
    assert "calm-0" in engine.services
    assert len(engine.services) <= 4


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["-f", "--max-memory", "10MiB"], "too little"),
        (["-f", "--max-memory", "much"], "--max-memory much"),
        (["--max-memory", "1GiB"], "goes with -f"),
    ],
)
def test_what_cannot_be_kept_is_refused(tmp_path, capsys, arguments, says):
    log = tmp_path / "a.log"
    log.write_text(log_of(growing=False))
    assert main([*arguments, "--no-state", str(log)]) == 2
    assert says in capsys.readouterr().err


def test_it_keeps_to_its_memory_and_says_what_it_let_go():
    """Every service takes 200 KiB, and 800 more where its lines are searched; 115 MiB may be held."""
    said, text = [], log_of(growing=False, count=12).encode()
    engine = engine_with(leaky=1, calm=4)

    def held():
        return 80 + 0.2 * len(engine.services) + 0.8 * len(engine.mined)

    diet = Diet(115.0, engine, said.append, held)
    most = 0.0
    for at in range(300):
        scanner = Scanner(f"service-{at}", f"service-{at}")
        scanner.feed(text)
        scanner.flush()
        for _ in engine.all(scanner.take()):
            pass
        diet._next_s = 0.0
        diet.due()
        most = max(most, held())
    assert re.search(r"held: the lines of \d+ services are no longer searched", said[0])
    assert re.search(r"held: \d+ services that look well are forgotten", said[-1])
    assert len(engine.services) < 175
    assert most <= 115


def test_the_memory_of_this_process_is_known():
    assert 10 < held_mib() < 4096
