"""What holds for every way of judging, found by itself: nobody has to remember to test a new one."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from typing import Any

import orjson
import pytest

import gctail.detectors
from gctail.detectors import DETECTORS, Carryover, Judge, Surroundings
from gctail.detectors.gathering import Gathering

MODULES = [module.name for module in pkgutil.iter_modules(gctail.detectors.__path__)]
SURROUNDINGS = Surroundings(limit_mib=1000.0, base=100.0, noise=1.0, collections=100)


def blocks_of(moments: list[Any]) -> list[Any]:
    gathering = Gathering(1000.0)
    return [block for moment in moments if (block := gathering.add(moment)) is not None]


def said_by(detector: Any, blocks: list[Any]) -> list[Any]:
    return [signal for block in blocks for signal in detector.observe(block, SURROUNDINGS)]


def troubled(make: Any) -> list[Any]:
    """A course in which every detector has something to say."""
    lives = make.noisy(lambda i: 60 if i < 300 else 130 if i < 500 else 60 + (i - 500) * 0.9, 1200)
    percents = [100.0] * 700 + [300.0] * 500
    stacks = [1 + max(0, i - 600) // 40 for i in range(1200)]
    pauses = [0.05 if i % 401 else 150.0 for i in range(1200)]
    return make.collections(lives, gogc=percents, stacks=stacks, pauses_ms=pauses)


def test_every_module_that_judges_blocks_is_in_the_table_of_contents() -> None:
    """A class with `observe`, `state`, `load` and a kind is a detector, and `DETECTORS` names all of them."""
    found = set()
    for name in MODULES:
        module = importlib.import_module(f"gctail.detectors.{name}")
        for _, thing in inspect.getmembers(module, inspect.isclass):
            if thing.__module__ == module.__name__ and all(
                hasattr(thing, part) for part in ("observe", "load", "kind")
            ):
                found.add(thing)
    assert found == set(DETECTORS)


@pytest.mark.parametrize("kind", DETECTORS, ids=lambda kind: kind.kind)
class TestEveryDetector:
    def test_is_silent_on_a_steady_service(self, kind: Any, make: Any) -> None:
        """An hour of nothing but noise is worth no word."""
        calm = make.moments(make.collections(make.noisy(lambda _: 100, 2000)))
        assert said_by(kind(Carryover()), blocks_of(calm)) == []

    def test_gives_the_same_answer_twice(self, kind: Any, make: Any) -> None:
        """Same input, same words."""
        blocks = blocks_of(make.moments(troubled(make)))
        assert said_by(kind(Carryover()), blocks) == said_by(kind(Carryover()), blocks)

    def test_survives_being_saved_and_restored_anywhere(self, kind: Any, make: Any) -> None:
        """Its state is plain data, and from there it goes on exactly."""
        blocks = blocks_of(make.moments(troubled(make)))
        straight, saved = kind(Carryover()), kind(Carryover())
        for block in blocks:
            fresh = kind(Carryover())
            fresh.load(orjson.loads(orjson.dumps(saved.state())))
            assert fresh.observe(block, SURROUNDINGS) == straight.observe(block, SURROUNDINGS)
            saved = fresh
        assert saved.state() == straight.state()

    def test_has_bounded_state(self, kind: Any, make: Any) -> None:
        """However long it watches, what it remembers fits in 4 KiB."""
        detector = kind(Carryover())
        for block in blocks_of(make.moments(troubled(make))) * 3:
            detector.observe(block, SURROUNDINGS)
        assert len(orjson.dumps(detector.state())) <= 4096

    def test_judges_before_it_learns(self, kind: Any, make: Any) -> None:
        """What it says up to a block does not depend on anything after that block."""
        blocks = blocks_of(make.moments(troubled(make)))
        whole = said_by(kind(Carryover()), blocks)
        half = said_by(kind(Carryover()), blocks[: len(blocks) // 2])
        assert whole[: len(half)] == half

    def test_says_sentences_with_numbers(self, kind: Any, make: Any) -> None:
        """Every summary is one plain sentence that holds a number, and every severity and phase is one we know."""
        for signal in said_by(kind(Carryover()), blocks_of(make.moments(troubled(make)))):
            assert any(character.isdigit() for character in signal.summary)
            assert not signal.summary.endswith(".")
            assert signal.severity in {"info", "warning", "critical"}
            assert signal.phase in {"onset", "update", "resolved"}
            orjson.dumps(signal.evidence)


def test_the_judge_is_silent_on_a_steady_service(make: Any) -> None:
    """No detector, and no belief in growth, makes a noise about noise."""
    judge = Judge(400.0)
    assert [s for m in make.moments(make.collections(make.noisy(lambda _: 100, 2000))) for s in judge.observe(m)] == []
    verdict = judge.verdict()
    assert (verdict.leak, verdict.kind) == (False, "steady")


@pytest.mark.parametrize("step", [1, 7, 97])
def test_the_judge_survives_being_saved_and_restored_anywhere(step: int, make: Any) -> None:
    """Through JSON and back every so many collections: the same signals, the same verdict, the same state, byte for byte."""
    course = make.moments(troubled(make))[: 400 if step == 1 else None]
    straight, saved = Judge(2000.0), Judge(2000.0)
    for index, moment in enumerate(course):
        if index % step == 0:
            saved = Judge.restore(orjson.loads(orjson.dumps(saved.state())))
        assert saved.observe(moment) == straight.observe(moment)
    assert orjson.dumps(saved.state()) == orjson.dumps(straight.state())
    assert saved.verdict() == straight.verdict()
    assert saved.close(died=False, cause=None) == straight.close(died=False, cause=None)


def test_asking_for_the_verdict_changes_nothing(make: Any) -> None:
    """A judge that is asked all the time says what one says that is never asked."""
    asked, left = Judge(900.0), Judge(900.0)
    for moment in make.moments(make.collections(make.noisy(lambda i: 50 + 0.5 * i, 300))):
        assert asked.observe(moment) == left.observe(moment)
        asked.verdict()
    assert asked.state() == left.state()


def test_the_judges_state_is_bounded(make: Any) -> None:
    """Eight thousand collections of everything leave less than 20 KiB."""
    judge, largest = Judge(100_000.0), 0
    lives = make.noisy(lambda i: 100 + 60 * ((i // 50) % 7) + (i % 97), 8_000, spread=20)
    for index, moment in enumerate(make.moments(make.collections(lives, every_s=0.731))):
        judge.observe(moment)
        if index % 500 == 0:
            largest = max(largest, len(orjson.dumps(judge.state())))
    assert largest <= 20 * 1024


def test_a_state_of_another_version_is_refused() -> None:
    """The message says what was found, what is read, and what to do."""
    state = Judge(None).state() | {"version": 99}
    with pytest.raises(ValueError, match="version 99, this program reads 1: start afresh"):
        Judge.restore(state)
