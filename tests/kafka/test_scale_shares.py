"""A partition of services that moves from process to process: who is searched for suspects in it stays the same."""

from gctail.engine import Engine
from gctail.engine.mined import USUAL_KIB
from gctail.kafka.lanes import Lane
from gctail.kafka.places import Record
from gctail.parsing.scanner import Scanner
from gctail.runners.scale.shares import Share
from gctail.runners.scale.strips import Way
from kafka_topics import LEAK


class Store(dict):
    """A dictionary is a store."""

    get_bytes = dict.get
    set = set_bytes = dict.__setitem__

    def delete(self, key):
        """As the engine's store has it."""
        self.pop(key, None)


def packets_of(name, lines):
    """What travels of a log."""
    lane = Way(Lane(name, Scanner("logs/0", name), decides=False), None, None)
    for at, line in enumerate(lines):
        yield from lane.feed([Record("logs", 0, at, 1_800_000_000_000, name.encode(), line)]).packets


def test_who_is_searched_for_suspects_is_the_same_whoever_has_the_partition():
    """There is memory for two services and one that is calm has it; the third grows, a packet at a time."""
    lines = {"calm-0": LEAK[:60], "calm-1": LEAK[:60], "calm-2": LEAK[:60], "shop": LEAK}
    packets = [packet for name, log in lines.items() for packet in packets_of(name, log)]

    def engine():
        made = Engine()
        made.mined.share, made.mined.most_kib = 1.0, 5 * USUAL_KIB // 2  # what grows holds more than the usual
        return made

    def mined(*, moving):
        store, told = Store(), []
        share = Share(engine(), lambda: store, print)
        for packet in packets:
            share.take(packet)
            if moving:
                share.save(store)
                share = Share(engine(), lambda: store, print)
            told.append([service.name for service in share.engine.mined])
        share.save(store)
        return told, {key: value for key, value in store.items() if key.startswith("service ")}

    assert mined(moving=True)[0] == mined(moving=False)[0]
    whole, states = mined(moving=False)
    assert len(whole[-1]) == 2
    assert "shop" in whole[-1]
    assert len(states) == 4
