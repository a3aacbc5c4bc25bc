"""What views are shown: a row per service, details of what is looked at, and nothing that grows."""

import lzma
from pathlib import Path

import pytest

from gctail.attribution.writing import writer
from gctail.board import MOST_WATCHED, WATCHED_FOR_S, Board
from gctail.engine import Engine
from gctail.parsing.scanner import Scanner
from gctail.pulse import Pulse
from gctail.service import Service

SAMPLES = Path(__file__).parent.parent / "samples" / "logs"


def boarded(log: bytes, name: str = "checkout", limit_mib: float | None = None) -> Board:
    engine = Engine(limit_mib=limit_mib)
    engine.mined.share = 1.0
    board = Board(engine)
    scanner = Scanner(f"{name}.log", name)
    for start in range(0, len(log), 1 << 16):
        scanner.feed(log[start : start + (1 << 16)])
        for seen in engine.all(scanner.take()):
            board.see(seen)
    scanner.flush()
    for seen in engine.all(scanner.take()):
        board.see(seen)
    return board


@pytest.fixture(scope="module")
def leaking() -> Board:
    return boarded((SAMPLES / "unbounded-map-go1.27.log").read_bytes(), limit_mib=256)


def test_a_leaking_service_has_a_row_that_says_so(leaking):
    """Its state is the worst open incident; the trend rises."""
    row = leaking.publish(1000.0, {"bytes": 1}).rows["checkout"]
    assert row.severity == "critical"
    assert row.state != "well"
    assert row.limit_mib == 256
    assert row.live_mib > 100
    assert row.probability > 0.5
    assert len(row.trend) == 24
    assert row.trend[-1] > row.trend[0]
    assert 0 < row.gc_cpu_share < 1


def test_a_service_that_said_goodbye_has_ended():
    """It was about to run out of memory, but a deploy ended it first: nothing is gone "now"."""
    board = boarded((SAMPLES / "unbounded-map-go1.27.log").read_bytes() + b"shutting down\n", limit_mib=256)
    engine = board.engine
    assert board.publish(1000.0, {}).rows["checkout"].any_moment
    engine.tells_silence = True
    engine.services["checkout"].silence.pulse = Pulse(beats=1000, known_s=1e4, longest_s=1.0)
    for second in range(60):
        board.found(engine.advance(1000.0 + second))
    row = board.publish(1060.0, {}).rows["checkout"]
    assert (row.state, row.severity, row.lasts_s, row.any_moment) == ("ended", None, None, False)


def test_a_service_that_was_kept_elsewhere_is_shown_at_once(leaking):
    """It has moved here with its partition, and has not been heard of yet."""
    engine = Engine(limit_mib=256)
    board = Board(engine)
    assert board.publish(1000.0, {}).rows == {}
    engine.adopt(Service.restore(leaking.engine.services["checkout"].state()))
    row = board.publish(1001.0, {}).rows["checkout"]
    assert (row.severity, row.collections) == ("critical", 131)


def test_details_come_only_for_what_is_looked_at(leaking):
    """They cost something, so nobody who is not looked at has them; after a minute without asking they go."""
    assert leaking.publish(1000.0, {}).details == {}
    leaking.watch("checkout", 1000.0)
    detail = leaking.publish(1001.0, {}).details["checkout"]
    assert detail.verdict.leak
    assert sum(each.collections for each in detail.bins) == 131
    assert "request processed" in detail.lines[-1].text
    assert leaking.publish(1001.0 + WATCHED_FOR_S, {}).details == {}


def test_a_snapshot_does_not_change_when_the_board_goes_on(leaking):
    """Views in other threads may take their time."""
    first = leaking.publish(1.0, {})
    second = leaking.publish(2.0, {})
    assert first is not second
    assert (first.version + 1, first.at_s) == (second.version, 1.0)


def test_who_looks_at_everything_does_not_make_the_board_grow(leaking):
    """Of too many services the last ones wait until others are looked at no more."""
    for number in range(3 * MOST_WATCHED):
        leaking.watch(f"service-{number}", 5.0)
    assert len(leaking._watched) == MOST_WATCHED


def test_a_service_that_died_says_so_and_one_that_is_well_too():
    """The death spiral ends in a kill that the kernel tells of."""
    log = lzma.decompress((SAMPLES / "memory-limit-spiral-go1.27.log.xz").read_bytes())
    kernel = (SAMPLES / "memory-limit-spiral-go1.27.kernel.log").read_bytes()
    board = boarded(log + kernel)
    assert board.publish(1.0, {}).rows["checkout"].state == "died"
    idle = boarded((SAMPLES / "idle-go1.27.log").read_bytes())
    row = idle.publish(1.0, {}).rows["checkout"]
    assert (row.state, row.severity) == ("well", None)


def test_a_service_that_ended_by_itself_has_not_died():
    """Who started it says that its status was 0: nobody need come."""
    log = (SAMPLES / "idle-go1.27.log").read_bytes() + b"checkout-1 exited with code 0\n"
    row = boarded(log, "checkout-1").publish(1000.0, {}).rows["checkout-1"]
    assert (row.state, row.severity, row.states) == ("ended", None, ("ended",))


def test_lines_that_a_suspect_wrote_are_marked():
    """Those, and no others; collections keep their own mark."""
    leaking = boarded((SAMPLES / "unbounded-map-go1.27.log").read_bytes(), limit_mib=256)
    leaking.watch("checkout", 2000.0)
    detail = leaking.publish(2000.0, {}).details["checkout"]
    marked = [line.text for line in detail.lines if line.mark == "suspect"]
    assert detail.suspects
    assert marked
    assert all("putIfAbsent(" in text for text in marked)
    assert not any("putIfAbsent(" in line.text for line in detail.lines if not line.mark)


@pytest.mark.parametrize(
    ("suspect", "line", "theirs"),
    [
        ({"template": "user <*> logged in id=<*>", "message": "user logged in"}, "msg='user ann logged in' id=7", True),
        ({"template": "user <*> logged in id=<*>", "message": "user logged in"}, "logged in: user ann", False),
        ({"template": "<*> <*>", "message": ""}, "anything", False),
        ({"template": "ok <*>", "message": "ok"}, "ok 7", False),
        ({}, "anything", False),
    ],
)
def test_a_suspects_line_is_known_by_what_is_fixed_in_it(suspect, line, theirs):
    """Piece by piece, in their order; too little is nobody's."""
    assert writer([suspect])(line) is theirs


def test_how_fast_it_grows_is_told_as_it_is_now():
    """Not as it was when the incident was opened; after the last record too."""
    leaking = boarded((SAMPLES / "unbounded-map-go1.27.log").read_bytes(), limit_mib=256)
    leaking.publish(3000.0, {})
    row = leaking.publish(3006.0, {}).rows["checkout"]
    verdict = leaking.engine.services["checkout"].current.verdict()
    assert row.rate_mib_per_s == verdict.rate_mib_per_s
    assert row.lasts_s == verdict.forecast.seconds
    assert row.states[0] == row.state == "next-goal-over-limit"
    assert "leak" in row.states


def test_growth_that_has_come_to_an_end_is_none():
    """Its incidents are still open: the alarm is taken back later than the belief, and the next goal stays over the limit."""
    levels = [*range(20, 66), *[65] * 3]
    log = "".join(
        f"gc {at + 1} @{1.2 * at:.3f}s 1%: 0.02+0.3+0.01 ms clock, 0.08+0.1/0.2/0+0.04 ms cpu, "
        f"{2 * live - 2}->{2 * live - 1}->{live} MB, {2 * live} MB goal, 0 MB stacks, 0 MB globals, 4 P\n"
        for at, live in enumerate(levels)
    )
    full = boarded(log.encode(), limit_mib=125)
    full.publish(3000.0, {})
    row = full.publish(3006.0, {}).rows["checkout"]
    verdict = full.engine.services["checkout"].current.verdict()
    assert not verdict.leak
    assert verdict.rate_mib_per_s is None
    assert row.states == ("next-goal-over-limit", "leak")
    assert row.rate_mib_per_s is None
