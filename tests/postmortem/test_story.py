"""The time line of a process: what was said on the way, and what stands at its end."""

from types import SimpleNamespace

import pytest

from gctail.postmortem.certificate import Cause
from gctail.postmortem.story import Clock, moments
from gctail.records import Finding

ALIVE = Cause("alive", "at work", "it lives", 0.7)


def person(*phases, leaks):
    """A process of a minute, of which these phases of a leak were told, ten seconds apart."""
    findings = [
        Finding(str(at), "leak", "warning", "s", 1, None, 10.0 * at, at, "taken back, no leak", {"phase": phase})
        for at, phase in enumerate(phases, 1)
    ]
    collection = SimpleNamespace(number=1, heap_live_mib=5, uptime_s=1.0)
    verdict = SimpleNamespace(leak=leaks, probability=0.76, onset_uptime_s=10.0, rate_mib_per_s=0.1)
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
