"""Plays on followed names, in small steps; bench/follow_play.py has as many as one likes."""

import time

import pytest

from follow_play import Play


@pytest.mark.parametrize("seed", range(30))
def test_whatever_is_done_in_whatever_order_every_line_comes_once(tmp_path, monkeypatch, seed):
    """Rotated, copied while it is read, compressed while it is looked at, and gctail is killed in between."""
    play = Play(tmp_path, seed)
    monkeypatch.setattr(time, "time_ns", lambda: play.clock.now_ns)
    try:
        play.run()
        assert play.faults() == [], "\n".join(play.told)
    finally:
        play.close()
