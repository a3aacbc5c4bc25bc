"""How much is taken on at a time: what fits into the time that it should take, on a quick machine and on a busy one."""

from gctail.kafka.pace import Pace


def test_a_quick_machine_takes_more_on_and_a_busy_one_less():
    """By halves and doubles, between its bounds, whatever one measurement says."""
    pace = Pace(wanted_s=1.0, least=100, most=1000, size=400)
    pace.took(400, 0.01)
    assert pace.size == 800
    pace.took(800, 0.01)
    assert pace.size == 1000
    for _ in range(10):
        pace.took(pace.size, 60.0)
    assert pace.size == 100
    pace.took(100, 0.8)
    assert pace.size == 125


def test_what_was_little_and_quick_says_nothing():
    """Three messages in a moment are no sign of a slow machine, nor of a quick one."""
    pace = Pace(wanted_s=1.0, least=100, most=1000, size=400)
    pace.took(3, 0.2)
    assert pace.size == 400
    pace.took(3, 2.0)
    assert pace.size == 200
