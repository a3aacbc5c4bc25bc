"""A service that falls silent is told once, by its own habits; a quiet one, and a clock that steps, are no reason."""

from gctail.engine import Engine
from gctail.parsing.gctrace import parse_gctrace
from gctail.records import Passage, Sighting
from gctail.service import Service
from postmortem_cases import LOGS


class Listening:
    """An engine that is told the time four times a second, as `gctail -f` does."""

    def __init__(self) -> None:
        self.engine = Engine()
        self.engine.tells_silence = True
        self.now_s = 1_800_000_000.0
        self.found = []

    def hear(self, *, every_s: float, for_s: float) -> None:
        """The service writes a line every so often."""
        until_s, next_s = self.now_s + for_s, self.now_s
        while self.now_s < until_s:
            if self.now_s >= next_s:
                self.engine.observe(Passage(b"a line\n", "pay", "pay.log", 0))
                next_s += every_s
            self.wait(1.0)

    def hear_a_leak(self, limit_mib: float) -> None:
        """The service collects once a second, until its next goal is above the limit."""
        self.engine.limit_mib = limit_mib
        for line in (LOGS / "unbounded-map-go1.27.log").read_bytes().splitlines():
            if (gc := parse_gctrace(line)) is not None:
                self.engine.observe(Sighting(gc, "pay", "pay.log", gc.number))
                self.wait(1)

    def wait(self, for_s: float, *, step_s: float = 1.0) -> None:
        """Nobody writes anything."""
        for _ in range(int(for_s / step_s)):
            self.now_s += step_s
            self.found += self.engine.advance(self.now_s)

    def told(self):
        return [(finding.kind, finding.severity, finding.evidence["phase"], finding.summary) for finding in self.found]


def test_a_service_that_falls_silent_is_told_once_and_when_it_writes_again():
    """After two minutes, because it never paused for longer than two seconds."""
    listening = Listening()
    listening.hear(every_s=2.0, for_s=3600)
    listening.wait(600)
    assert listening.told() == [
        ("silent", "warning", "onset", "nothing was written for 120 s; the longest pause before was 2 s")
    ]
    listening.hear(every_s=2.0, for_s=10)
    assert listening.told()[1:] == [("silent", "info", "resolved", "it writes again, after 602 s")]
    assert len({finding.id for finding in listening.found}) == 2


def test_a_quiet_service_is_given_longer():
    """A line every five minutes: twenty minutes without one are nothing, an hour is."""
    listening = Listening()
    listening.hear(every_s=300.0, for_s=8 * 3600)
    listening.wait(1200)
    assert listening.found == []
    listening.wait(2400)
    assert [kind for kind, *_ in listening.told()] == ["silent"]


def test_a_service_that_is_hardly_known_is_given_time():
    """It was heard for five minutes only."""
    listening = Listening()
    listening.hear(every_s=1.0, for_s=300)
    listening.wait(3600)
    assert listening.found == []


def test_a_service_that_falls_silent_at_its_limit_is_told_at_once():
    """It lived for two minutes only; at its end the next collection was due at 258 MiB, over 256."""
    listening = Listening()
    listening.hear_a_leak(256.0)
    listening.wait(28)
    assert "silent" not in [kind for kind, *_ in listening.told()]
    listening.wait(10)
    *_, (kind, severity, _, summary) = listening.told()
    assert (kind, severity) == ("silent", "critical")
    assert summary.startswith("nothing was written for 30 s; the longest pause before was 1 s; its next collection was")


def test_a_service_that_took_its_leave_at_its_limit_is_not_missed():
    """A deploy ended it, and it said so; where a line comes after the goodbye, somebody is missed again."""
    for last, missed in ((b"", False), (b"request processed\n" * 20, True)):
        listening = Listening()
        listening.hear_a_leak(256.0)
        listening.engine.observe(
            Passage(b'level=info msg="shutting down" signal=SIGTERM\n' + last, "pay", "pay.log", 0)
        )
        listening.wait(120)
        [silent] = [each for each in listening.found if each.kind == "silent"]
        assert silent.severity == ("critical" if missed else "info")
        assert silent.summary.startswith(
            "nothing was written" if missed else "it said goodbye, and has written nothing"
        )


def test_that_a_service_has_left_survives_a_restart():
    """It is still ended, not silent, in the views of a gctail that was started anew; a state from before it reads."""
    listening = Listening()
    listening.hear_a_leak(256.0)
    listening.engine.observe(Passage(b'level=info msg="shutting down" signal=SIGTERM\n', "pay", "pay.log", 0))
    listening.wait(120)
    kept = listening.engine.services["pay"].state()
    for older, left in ((False, True), (True, False)):
        if older:
            del kept["pulse"]["has_left"]
        again = Listening()
        again.engine.services["pay"] = Service.restore(kept)
        assert again.engine.services["pay"].silence.has_left is left
        again.wait(600)
        assert again.found == []
        again.hear(every_s=1.0, for_s=3)
        assert not again.engine.services["pay"].silence.has_left


def test_neither_a_clock_that_steps_nor_a_stopped_gctail_is_a_silence():
    """An hour forward, a day back; then a machine that slept."""
    listening = Listening()
    listening.hear(every_s=1.0, for_s=3600)
    for step_s in (3600.0, -86400.0, 7 * 86400.0):
        listening.now_s += step_s
        listening.wait(10)
        listening.hear(every_s=1.0, for_s=60)
    assert listening.found == []


def test_habits_survive_a_restart():
    """And the time in which gctail was not there is no silence."""
    listening = Listening()
    listening.hear(every_s=1.0, for_s=3600)
    kept = listening.engine.services["pay"].state()
    again = Listening()
    again.engine.services["pay"] = Service.restore(kept)
    again.wait(119)
    assert again.found == []
    again.wait(5)
    assert [kind for kind, *_ in again.told()] == ["silent"]


def test_many_services_have_their_turns_one_after_another():
    """None of a thousand is forgotten."""
    listening = Listening()
    engine = listening.engine
    for _ in range(100):
        for number in range(1000):
            engine.observe(Passage(b"a line\n", f"service-{number}", "all.log", 0))
        listening.wait(20, step_s=5.0)
    listening.wait(400, step_s=5.0)
    assert len({finding.service for finding in listening.found}) == 1000
