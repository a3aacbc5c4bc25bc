"""Every fact that the rule book asks for can be told by some certificate, in the words that the program itself uses."""

import re
import tomllib
from importlib.resources import files

import msgspec
from msgspec.structs import replace

from certificates import example_certificate
from gctail.advice.book import _parsed, advise, clauses, rules
from gctail.advice.facts import Facts
from gctail.attribution.keys.report import report
from gctail.attribution.keys.sample import KeySample
from gctail.attribution.keys.values import KeyReport
from gctail.parsing.causes import CAUSES
from gctail.parsing.signatures import signatures
from gctail.postmortem.certificate import Certificate, Hold, Key, Memory, Place, StackGroup
from gctail.postmortem.facts_of import facts_of
from gctail.postmortem.wording import GROWTHS
from gctail.sinks.text import HEADLINES
from postmortem_cases import LOGS, case_of

DUMP = (  # state, innermost frames and how many: what leaks look like in Go's own dumps
    ("chan receive", "main.(*Hub).wait", 300),
    ("chan send (nil chan)", "main.lost", 2),
    ("select", "net/http.(*persistConn).writeLoop", 120),
    ("IO wait", "net/http.(*conn).serve", 600),
    ("semacquire", "database/sql.(*DB).conn", 60),
    ("sync.WaitGroup.Wait", "main.gather", 30),
    ("select", "google.golang.org/grpc/internal/transport.(*recvBufferReader).read", 250),
    ("syscall", "syscall.Syscall", 60),
    ("sleep", "main.retry", 150),
    ("GC assist wait", "main.decode", 4),
    ("chan receive", "time.Tick", 20),
    ("sync.Mutex.Lock", "log.(*Logger).output", 30),
    ("chan receive", "runtime.runfinq", 1),
)
KINDS = (
    "spike", "step", "map-growth", "forced-collections-on-a-timer", "gogc-changed", "pause-spike", "death-spiral",
)  # fmt: skip


def keys_of(*forms: str) -> KeyReport:
    """What is found in 400 keys of these forms in turn: numbers that never come again, numbers that do, times."""
    sample = KeySample()
    for at in range(400):
        form = forms[at % len(forms)]
        sample.add([form.format(at // len(forms), at % 5, 1795420800123 + 977 * at).encode()], float(at))
    found = report(sample)
    assert found is not None
    return found


def ill_in_every_way() -> Certificate:
    """A certificate that tells every fact at once: no real one does."""
    base = example_certificate()
    details = {
        "growth": "map-growth-swiss", "frames": ("main.f f.go:1",), "runtime_error": "type", "fault": "other",
        "message": "boom", "threads": 9, "oom_score_adj": 900, "usage_kib": 1, "swap_usage_kib": 9, "guard": "earlyoom",
        "pid": 7, "tasks": [{"pid": 8, "process": "mysqld", "rss_kib": 9}], "asked": True,
    }  # fmt: skip
    groups = tuple(
        StackGroup(count, {state: count}, (frame, "main.main m.go:1"), "main.main m.go:2", 7.0, 9, (1,))
        for state, frame, count in DUMP
    )
    findings = tuple({"kind": kind, "epoch": base.epoch} for kind in KINDS)
    return replace(
        base,
        cause=replace(base.cause, details=details),
        stacks=(*groups, StackGroup(1, {"running": 1}, ("main.fin f.go:9", "runtime.runfinq r.go:1"), None, None, None, (2,))),
        goroutines=1700,
        findings=(*base.findings, *findings),
        first_lines=("starting go=go1.26.1 gomemlimit=9223372036854775807",),
        keys=(Key("seen", "url", 9000, 2.0, (("A", 3), ("a", 2)), keys_of("host{0}.example", "Host{0}.example")),),
        places=(Place("a.go", 4, "main.cache", "only grows", grows=True),),
        holds=(Hold("main.add", "a.go", 7, 120.0, 0.7),),
        suspects=({"message": "seen", "slot": "url", "field": "size", "share": 0.8, "distinct": 9000},),
        memory=replace(base.memory, outside_mib=90.0, rss_mib=400.0, stacks_mib=30.0, globals_mib=4.0, asked_mib=64.0),
        ledger={"missing": 4, "mended": 12},
        unreadable=("gc ?",),
        epochs=3,
        runs=({"cause": "panic", "uptime_s": 5.0}, {"cause": "panic", "uptime_s": 6.0}),
    )  # fmt: skip


def test_every_fact_that_a_rule_asks_for_is_told_by_some_certificate():
    """A fact that nobody sets would make its rule silent for ever."""
    ill = ill_in_every_way()
    volatile = replace(ill, keys=(replace(ill.keys[0], found=keys_of("user{1}#{2}")),))
    certificates = [ill, volatile, example_certificate()]
    certificates += [replace(each, memory=Memory(heap_live_mib=90.0, limit_mib=512.0)) for each in certificates]
    certificates.append(replace(ill, memory=Memory(heap_live_mib=90.0, beyond_mib=60.0, jump_mib=40.0)))
    [suspect, *_] = ill.suspects
    certificates.append(replace(ill, suspects=({**suspect, "less": "closed", "held_share": 0.2},)))
    certificates.append(replace(ill, suspects=({**suspect, "kind": "level", "slot": None},)))
    halves = ({**suspect, "share": 0.5, "p_value": 0.0001, "group": group} for group in (1, 2))
    certificates.append(replace(ill, suspects=tuple(halves)))
    certificates += [case_of(each).certificates[0] for each in ("memory-limit-spiral-go1.27.log.xz", STEADY)]
    default = msgspec.to_builtins(Facts(cause="unknown"))
    told = set()
    for each in certificates:
        facts = msgspec.to_builtins(facts_of(each))
        told |= {name for name, value in facts.items() if value != default[name]}
    asked = {_parsed(clause)["name"] for rule in rules() for clause in clauses(rule.when)}
    assert asked - told == set()


def test_every_word_that_a_rule_compares_with_is_one_that_the_program_says():
    """Causes, verdicts and findings, what grew, kinds of faults: each from its own table."""
    known = signatures()
    explained = tomllib.loads(files("gctail.data").joinpath("explanations.toml").read_text("utf-8"))["kind"]
    words = {
        "cause": set(CAUSES),
        "kind": set(HEADLINES) | set(explained),
        "growth": set(GROWTHS),
        "runtime_error": {each.signature.details.get("runtime_error") for each in known},
        "fault": {each.signature.details.get("fault") for each in known},
    }
    for rule in rules():
        for clause in clauses(rule.when):
            found = _parsed(clause)
            if found["among"] and found["name"] in words:
                assert set(found["words"].split()) <= words[found["name"]], rule.id


def test_a_dump_with_every_kind_of_leak_gets_every_advice_about_goroutines():
    """Through the facts, not around them."""
    given = {each.id for each in advise(facts_of(ill_in_every_way()))}
    assert given >= {
        "close-response-bodies", "http-connections", "sql-pool", "wait-group", "grpc-streams", "blocked-syscalls",
        "sleeping-retries", "assists-in-dump", "writers-wait-for-log", "finalizers-wait", "nil-channel", "lock-queue",
        "io-without-deadline",
    }  # fmt: skip


STEADY = "bounded-cache-go1.24.log.gz"
HEALTHY = ("bounded-cache", "load-waves", "nightly-batch", "idle")


def test_who_is_well_is_given_nothing_but_information():
    """No warning on any healthy sample; what is told there is about sizes, for whom it is of use."""
    for file in sorted(LOGS.iterdir()):
        if file.name.startswith(HEALTHY) and ".kernel" not in file.name:
            for certificate in case_of(file).certificates:
                assert {each.severity for each in certificate.advice} <= {"info"}, file.name


def test_texts_are_plain_and_settings_fit_a_terminal():
    """No line of a setting is wider than the report, no text names itself."""
    for rule in rules():
        assert max((len(line.expandtabs(4)) for line in rule.setting.splitlines()), default=0) <= 73, rule.id
        assert not re.search(r"\b(?:simply|just|obviously|please|utili[sz]e|leverage)\b", rule.text, re.IGNORECASE), (
            rule.id
        )
