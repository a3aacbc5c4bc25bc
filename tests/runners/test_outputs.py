"""Where findings go: to all sinks, once each, and safe only when every sink says so."""

from gctail.records import Finding
from gctail.runners.outputs import Outputs, Told


class Kept:
    """A sink that is a list, and that says of itself what it is told to."""

    def __init__(self, *, safe: bool = True) -> None:
        self.name, self.safe = "kept", safe
        self.findings, self.pushed, self.closed = [], 0, False

    def take(self, findings) -> None:
        self.findings += findings

    def settled(self, within_s) -> bool:
        assert 0.0 <= within_s <= 1.0
        self.pushed += 1
        return self.safe

    def close(self) -> None:
        self.closed = True


def finding(name: str, severity: str = "warning", time_s: float | None = None) -> Finding:
    return Finding(name, "leak", severity, "checkout", 1, time_s, 1.0, 0, "it leaks", {})


def test_every_sink_gets_every_finding_in_order():
    """Whatever the others do with it."""
    sinks = [Kept(), Kept()]
    outputs = Outputs(sinks)
    outputs.take([finding("a"), finding("b")])
    outputs.take([finding("c")])
    assert [[each.id for each in sink.findings] for sink in sinks] == [["a", "b", "c"]] * 2


def test_all_is_safe_only_when_every_sink_says_so():
    """And a sink that is not ready does not keep the others from being pushed on."""
    sinks = [Kept(safe=False), Kept()]
    outputs = Outputs(sinks)
    outputs.take([finding("a")])
    assert not outputs.settled(1.0)
    assert [sink.pushed for sink in sinks] == [1, 1]
    sinks[0].safe = True
    assert outputs.settled(1.0)


def test_nothing_is_told_twice_across_a_restart():
    """The ids go into a checkpoint and come back."""
    first = Outputs([Kept()], told=Told())
    first.take([finding("a"), finding("b")])
    again = Kept()
    Outputs([again], told=Told(first.told.state())).take([finding("b"), finding("c")])
    assert [each.id for each in again.findings] == ["c"]


def test_the_memory_of_what_was_told_is_bounded():
    """The oldest is forgotten."""
    told = Told(most=2)
    assert [told.is_new(finding(name)) for name in "abcba"] == [True, True, True, False, True]
    assert told.state() == ["c", "a"]


def test_what_is_not_wanted_goes_nowhere_and_counts_for_nothing():
    """A window of silence: the exit status does not see it either."""
    sink = Kept()
    outputs = Outputs([sink], lambda each: each.time_s != 5.0)
    outputs.take([finding("a", "critical", 5.0)])
    assert (sink.findings, outputs.worst) == ([], -1)
    outputs.take([finding("b", "info", 6.0), finding("c", "warning")])
    assert ([each.id for each in sink.findings], outputs.worst) == (["b", "c"], 1)


def test_closing_closes_all():
    """So that nothing stays in a buffer."""
    sinks = [Kept(), Kept()]
    Outputs(sinks).close()
    assert all(sink.closed for sink in sinks)
