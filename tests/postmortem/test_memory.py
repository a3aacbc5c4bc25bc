"""The memory at the end: what was Go heap, what cannot have been, and what may have been asked for at once."""

import pytest

from postmortem_cases import LOGS, certificate_of

KILL = LOGS / "unbounded-map-go1.27.kernel.log"  # held 255 MiB
GC = (
    "gc {n} @{n}.000s 1%: 0.038+3.4+0.007 ms clock, 0.15+0.16/3.1/0+0.030 ms cpu, {end}->{end}->{live} MB, {goal} MB goal, "
    "0 MB stacks, 0 MB globals, 4 P\n"
)


def log_of(tmp_path, lives, between=""):
    """The log of a service whose live heap (MiB) went like this; `between` stands after each collection."""
    goals = [2 * live for live in (lives[0], *lives)]
    lines = [
        GC.format(n=n, live=live, goal=goal, end=goal - 1) + between
        for n, (live, goal) in enumerate(zip(lives, goals, strict=False), 1)
    ]
    path = tmp_path / "session-gateway.log"
    path.write_text("".join(lines))
    return path


def test_more_than_the_heap_was_due_to_reach_was_outside_it(tmp_path):
    """Its heap never rose at once."""
    found = certificate_of(log_of(tmp_path, [76] * 14), "--kernel-log", KILL)
    assert found.memory.outside_mib == pytest.approx(255 - 152, abs=1)
    assert found.memory.beyond_mib is None
    assert "outside-the-heap" in [each.id for each in found.advice]


def test_no_line_is_asked_about_what_collections_do_not_see(tmp_path):
    """It is not that all lines were cleared."""
    found = certificate_of(log_of(tmp_path, [30] * 40, "INFO segment sealed\n"), "--kernel-log", KILL)
    assert found.verdict["kind"] == "outside-heap"
    assert any("collections say nothing of what is outside the heap" in line for line in found.headline)


def test_what_doubled_before_may_have_doubled_again(tmp_path):
    """A buffer of 36 MiB became one of 72 while both were there; the next step asks for twice that."""
    found = certificate_of(log_of(tmp_path, [40] * 6 + [112] + [76] * 7), "--kernel-log", KILL)
    assert found.memory.outside_mib is None
    assert (found.memory.beyond_mib, found.memory.jump_mib) == (pytest.approx(255 - 152, abs=1), 72.0)
    assert "The heap rose by 72 MiB at once before" in found.memory.sentence
    assert [each.id for each in found.advice if each.severity == "critical"] == ["doubled-at-once"]


def test_a_spike_that_killed_is_told_first(tmp_path):
    """Nothing leaked: the last collection found three times as much in use as those before."""
    found = certificate_of(log_of(tmp_path, [40] * 13 + [120]), "--kernel-log", KILL)
    assert "by a spike at the end: live heap 40 -> 120 MiB at once" in found.headline


def test_a_spike_of_several_collections_is_told_from_its_foot(tmp_path):
    """40, 52, 120: it did not rise from 52."""
    found = certificate_of(log_of(tmp_path, [40] * 13 + [52, 120]), "--kernel-log", KILL)
    assert "by a spike at the end: live heap 40 -> 120 MiB in 2 s" in found.headline
