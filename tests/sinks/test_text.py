"""The verdict on a service, for people."""

from msgspec.structs import replace

from gctail.palette import Palette
from gctail.records import Finding, Verdict
from gctail.sinks.text import _footer, _heap_lines, _taken_back, finding_line, service_block

SUSPECT = {
    "template": "stored <*>", "message": "stored", "kind": "keys", "slot": "#1", "field": None, "share": 1.0,
    "correlation": 0.99, "p_value": 1.0, "per_event_kib": 12.0, "events": 300, "distinct": 300, "group": 1,
    "counter_evidence": (), "example": "stored a1", "only": "", "only_share": None, "less": "", "held_share": None,
}  # fmt: skip


def block(verdict=None, ledger=None, **suspect):
    """What is told of a service with this suspect."""
    service = {
        "service": "pay", "verdict": verdict, "death": None, "heap": None, "collections": 9, "epochs": 1, "epoch": 1,
        "suspects": [{**SUSPECT, **suspect}], "grows_with": [], "mined_lines": 300, "last_lines": [],
        "findings": [], "ledger": ledger or {"missing": 0, "doubled": 0},
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


def test_a_warning_that_the_verdict_does_not_bear_out_is_told_beside_it():
    """Unless it was resolved when it came to nothing; then the log says so itself."""
    verdict = Verdict(
        leak=False, probability=0.44, kind="growing", onset_uptime_s=None, rate_mib_per_s=None, forecast=None
    )
    warned = Finding(
        "a", "leak", "warning", "pay", 1, None, 60.0, 0, "it grows", {"phase": "onset", "probability": 0.61}
    )
    over = replace(warned, evidence={"phase": "resolved", "probability": 0.1})
    said = "  it was called a leak 40 s before the last collection, at 61%: what came since makes that less sure"
    heap = {"first_live_mib": 3, "last_live_mib": 50, "first_uptime_s": 0.0, "last_uptime_s": 100.0}
    told = {
        name: _taken_back({"findings": findings, "epoch": epoch, "heap": heap}, verdict)
        for name, findings, epoch in (("warned", [warned], 1), ("over", [warned, over], 1), ("another", [warned], 2))
    }
    assert told == {"warned": [said], "over": [], "another": []}
    assert _taken_back({"findings": [warned], "epoch": 1, "heap": heap}, replace(verdict, leak=True)) == []


def test_one_torn_line_is_one_line():
    read = {"bytes": 9, "lines": 2, "gc_lines": 1, "heap_samples": 0, "unreadable": 0}
    told = [_footer({"input": {**read, "mended": count}}, Palette(colour=False)) for count in (1, 1200)]
    assert [each.rsplit(", ", 1)[1] for each in told] == ["1 torn line mended", "1,200 torn lines mended"]


def test_a_verdict_that_leaves_it_open_says_what_grew():
    """`live heap 3 -> 189 MiB` is the start-up too."""
    why = (
        "17 collections in 1 min 38 s: too few to tell",
        "the live heap is 189 MiB and has grown for 82 s",
        "no limit",
    )
    verdict = Verdict(
        leak=False, probability=0.48, kind="too-few-points", onset_uptime_s=None, rate_mib_per_s=None, forecast=None,
        why=why,
    )  # fmt: skip
    told = {kind: block(verdict=replace(verdict, kind=kind)) for kind in ("too-few-points", "growing", "steady")}
    assert [all(f"  {each}" in lines for each in why[:2]) for lines in told.values()] == [True, True, False]
    assert not any("no limit" in line for lines in told.values() for line in lines)


def test_of_what_does_not_leak_the_range_after_its_start_is_told():
    """`live heap 2 -> 40 MiB` of a steady heap is nothing but its start."""
    verdict = Verdict(
        leak=False, probability=0.0, kind="steady", onset_uptime_s=None, rate_mib_per_s=None, forecast=None
    )
    heap = {"first_live_mib": 2, "last_live_mib": 40, "first_uptime_s": 0.0, "last_uptime_s": 110.0}
    ranges = {"waves": (40.2, 60.9), "flat": (39.6, 40.4), "unknown": None}
    told = {
        name: _heap_lines(
            {
                "heap": {**heap, "after_start": seen and {"since_s": 24.0, "least_mib": seen[0], "most_mib": seen[1]}},
                "epochs": 1, "epoch": 1, "collections": 43,
            },
            verdict,
        )[0]
        for name, seen in ranges.items()
    }  # fmt: skip
    course = "  live heap 2 -> 40 MiB in 1 min 50 s (43 collections)"
    assert told == {
        "waves": f"{course}; 40 to 61 MiB after its first 24 s",
        "flat": f"{course}; 40 MiB after its first 24 s",
        "unknown": course,
    }


def test_one_missing_collection_is_one():
    told = [block(ledger={"missing": count, "doubled": 0}) for count in (1, 2)]
    assert [next(line for line in lines if "missing" in line).split(" missing")[0] for lines in told] == [
        "  1 collection is",
        "  2 collections are",
    ]


def test_a_line_of_the_log_is_quoted_as_it_looked():
    """What would harm the terminal is shown as an escape all the same."""
    told = block(example="12:00\t\x1b[34mINFO\x1b[0m\tstored a1\x07")
    assert "    | 12:00 INFO stored a1\\x07" in told


def test_of_a_long_structured_line_what_it_says_is_quoted():
    """Its middle is left out of a line that is too long, and there the message would stand."""
    padding = "x" * 120
    told = block(example=f'{{"ts":"2026-11-28T14:00:00Z","caller":"{padding}.go:9","msg":"stored","object":"a1"}}')
    assert any(line.startswith("    | stored ") and "object=a1" in line for line in told)


def test_a_warning_names_the_lines_that_are_suspected():
    """Whoever is woken by it looks there first; what explains something else stays for the verdict."""
    warning = Finding("1", "leak", "warning", "pay", 1, None, 9.0, 0, "the live heap has grown")
    suspects = (SUSPECT, {**SUSPECT, "template": "sent <*>", "message": "sent"}, {**SUSPECT, "group": 2})
    plain = Palette(colour=False)
    assert "suspect" not in finding_line(warning, plain)
    told = finding_line(replace(warning, suspects=suspects), plain)
    assert told.endswith('the live heap has grown; suspect (likely, not proven): "stored" or "sent"')


def test_a_warning_tells_what_does_not_follow_and_the_second_of_two_causes():
    """Both where both are proven; of a single line that something takes back what that is."""
    warning = Finding("1", "leak", "warning", "pay", 1, None, 9.0, 0, "it grows")
    one = {**SUSPECT, "p_value": 1e-6, "share": 0.6, "less": "closed"}
    other = {**SUSPECT, "p_value": 1e-5, "share": 0.4, "group": 2, "template": "sent <*>", "message": "sent"}
    told = finding_line(replace(warning, suspects=(one, other)), Palette(colour=False))
    assert told.endswith('it grows; suspect (p 1e-6): "stored", not followed by "closed" and "sent"')


def test_no_line_is_an_example_of_others():
    """Where lines with one value are meant, one with another value would mislead."""
    line = "done a1 format=csv"
    assert any(line in each for each in block(example=line, only="format=csv", only_share=0.2))
    assert not any(line in each for each in block(example=line, only="format=xlsx", only_share=0.2))


def test_of_a_service_that_began_again_it_is_said_which_process_is_meant():
    first, second = (Finding("1", "leak", "warning", "pay", epoch, None, 9.0, 0, "it grows") for epoch in (1, 2))
    told = [finding_line(each, Palette(colour=False)) for each in (first, second)]
    assert [line.partition("pay")[2] for line in told] == [": it grows", " (process 2): it grows"]
