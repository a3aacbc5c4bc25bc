"""The verdict on a service, for people."""

from gctail.sinks.text import Palette, service_block

SUSPECT = {
    "template": "stored <*>", "message": "stored", "kind": "keys", "slot": "#1", "field": None, "share": 1.0,
    "correlation": 0.99, "p_value": 1.0, "per_event_kib": 12.0, "events": 300, "distinct": 300, "group": 1,
    "example": "stored a1", "only": "", "less": "", "held_share": None,
}  # fmt: skip


def block(**suspect):
    """What is told of a service with this suspect."""
    service = {
        "service": "pay", "verdict": None, "death": None, "heap": None, "collections": 9, "epochs": 1, "epoch": 1,
        "suspects": [{**SUSPECT, **suspect}], "grows_with": [], "mined_lines": 300, "last_lines": [],
        "ledger": {"missing": 0, "doubled": 0},
    }  # fmt: skip
    return service_block(service, Palette(colour=False), []).splitlines()


def test_what_speaks_against_a_suspect_is_told_as_far_as_a_reader_takes_it_in():
    """The two most telling, and how many there are more."""
    told = block(counter_evidence=("it comes evenly", "others fit as well", "there are only 3 lines of it"))
    assert told[-3:] == [
        "    but it comes evenly",
        "    but others fit as well",
        "    and 1 more against it with --output json",
    ]


def test_little_that_speaks_against_a_suspect_is_told_in_full():
    assert block(counter_evidence=("it comes evenly",))[-1] == "    but it comes evenly"
