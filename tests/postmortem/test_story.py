"""The time line of a process: what was said on the way, and what stands at its end."""

from types import SimpleNamespace

import pytest

from gctail.postmortem.certificate import Cause
from gctail.postmortem.story import Clock, moments
from gctail.records import Finding

ALIVE = Cause("alive", "at work", "it lives", 0.7)


def person(*phases, leaks, onset_s=10.0, **evidence):
    """A process of a minute, of which these phases of a leak were told, ten seconds apart."""
    findings = [
        Finding(
            str(at), "leak", "warning", "s", 1, None, 10.0 * at, at, "taken back, no leak", {"phase": phase, **evidence}
        )
        for at, phase in enumerate(phases, 1)
    ]
    collection = SimpleNamespace(number=1, heap_live_mib=5, uptime_s=1.0)
    verdict = SimpleNamespace(leak=leaks, probability=0.76, onset_uptime_s=onset_s, rate_mib_per_s=0.1)
    epoch = SimpleNamespace(
        first=collection, last=collection, last_derived=None, start_s=None, last_time_s=None, last_uptime_s=60.0,
        verdict=lambda: verdict,
    )  # fmt: skip
    life = SimpleNamespace(epoch=1, end_s=None)
    return SimpleNamespace(epoch=epoch, life=life, told=(), lines=(), service=SimpleNamespace(findings=findings))


@pytest.mark.parametrize(
    ("phases", "leaks", "told"),
    [
        (("onset", "resolved"), True, ["first-warning", "taken-back", "warning"]),
        (("onset", "resolved"), False, ["first-warning", "taken-back"]),
        (("onset",), True, ["first-warning"]),
        ((), True, []),
    ],
)
def test_a_leak_that_was_taken_back_and_is_one_in_the_end_is_told_so(phases, leaks, told):
    """Else the story would end with its opposite."""
    one = person(*phases, leaks=leaks)
    found = [
        each
        for each in moments(one, ALIVE, Clock(one, ALIVE), [])
        if each.kind in {"first-warning", "taken-back", "warning"}
    ]
    assert sorted(each.kind for each in found) == sorted(told)
    assert any("0.76" in each.text for each in found) == ("warning" in told)


def told(one, at_s=(0.0, 4.0, 8.0, 30.0)):
    """The moments of the story, but for its end, by their kinds; `at_s` is when the bins of its course begin."""
    bins = [SimpleNamespace(uptime_s=each, live_high_mib=3 + at) for at, each in enumerate(at_s)]
    kinds = {"last-healthy", "onset", "faster", "first-warning", "taken-back"}
    return [(each.kind, each.uptime_s) for each in moments(one, ALIVE, Clock(one, ALIVE), bins) if each.kind in kinds]


def test_the_story_begins_where_the_first_warning_saw_the_growth_begin():
    """The verdict has a later onset, of where it grew faster: nobody is healthy after a warning that stands."""
    one = person("onset", leaks=True, onset_s=40.0, onset_uptime_s=6.0, rate_mib_per_s=0.05)
    assert told(one) == [("last-healthy", 0.0), ("onset", 6.0), ("first-warning", 10.0), ("faster", 40.0)]
    slower = person("onset", leaks=True, onset_s=40.0, onset_uptime_s=6.0, rate_mib_per_s=0.2)
    assert [kind for kind, _ in told(slower)] == ["last-healthy", "onset", "first-warning"]


def test_a_warning_that_was_taken_back_begins_no_story():
    one = person("onset", "resolved", leaks=True, onset_s=40.0, onset_uptime_s=6.0, rate_mib_per_s=0.05)
    assert ("onset", 40.0) in told(one)
    assert ("last-healthy", 8.0) in told(one)


def test_a_stretch_that_goes_on_after_the_onset_is_not_healthy():
    """Its height is that of later collections."""
    assert ("last-healthy", 4.0) in told(person(leaks=True, onset_s=20.0))
