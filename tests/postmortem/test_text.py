"""The certificate as text: what a reader who is woken at 03:12 sees first, and that nothing useful is cut off."""

import pytest
from msgspec.structs import replace

from certificates import example_certificate
from gctail.advice.book import advise, rules
from gctail.palette import Palette
from gctail.postmortem.certificate import Quote, StackGroup
from gctail.postmortem.facts_of import facts_of
from gctail.postmortem.headline import dying, headline
from gctail.postmortem.stacks import folded
from gctail.postmortem.text import Pen, certificate_text
from gctail.report.page import page
from postmortem_cases import LOGS, case_of, certificate_of

PEN = Pen(Palette(colour=False))


def written(certificate) -> str:
    """The whole text."""
    return "\n".join(certificate_text(certificate, PEN))


def group(count: int, *stack: str, state: str = "select", guilty: bool = False) -> StackGroup:
    """A group of goroutines at one place."""
    return StackGroup(count, {state: count}, stack, None, None, None, (1,), guilty)


def test_a_setting_is_whole_whatever_its_length():
    """Code that is cut is no code: long lines are folded, tabs are spaces."""
    certificate = example_certificate()
    long = "defer func() { if v := recover(); v != nil { log.Error(v, debug.Stack()) } }()  // in every goroutine"
    [first, *_] = certificate.advice
    text = written(
        replace(certificate, advice=(replace(first, setting=f"type t struct {{\n    mu sync.Mutex\n}}\n{long}"),))
    )
    assert long.replace(" ", "") in text.replace(" ", "").replace("\n", "")
    assert "           mu sync.Mutex" in text
    assert max(map(len, text.splitlines())) <= 80


def test_no_setting_of_the_book_holds_a_tab_in_the_report(shared):
    """What a terminal would widen, and an escaper would show."""
    certificate = certificate_of(shared / "golden-runs" / "1.27.3" / "mapwrites.log")
    assert any("mu " in each.setting for each in certificate.advice)
    assert not any("\t" in each.setting for each in certificate.advice)
    assert any("\t" in rule.setting for rule in rules())


def test_an_end_that_nobody_tells_is_held_against_the_limit():
    """The first line says what fits: with the limit, the next collection would have come too late."""
    certificate = certificate_of("unbounded-map-go1.27.log", "--limit", "256MiB")
    assert "unknown: the log does not tell; a kill at its memory limit fits" in written(certificate)


@pytest.mark.parametrize(
    ("stack", "told"),
    [
        (("main.a f.go:1",) * 5 + ("main.b f.go:2",), ["main.a f.go:1 (5 times)", "main.b f.go:2"]),
        (("a", "b") * 4 + ("c",), ["a", "b", "(these 2 4 times)", "c"]),
        (("a", "a", "b"), ["a", "a", "b"]),
    ],
)
def test_recursion_is_told_once(stack, told):
    """A stack that overflowed is one function a hundred times, or a few in turns."""
    assert folded(stack) == told


def test_the_runtimes_own_goroutines_are_counted_and_not_shown():
    """Nobody looks for bgsweep; and the one that died is always there."""
    own = [group(9 - at, f"main.work{at} w.go:{at}") for at in range(7)]
    groups = (*own, group(1, "main.guilty g.go:1", guilty=True), group(2, "runtime.bgsweep", state="GC sweep wait"))
    text = written(replace(example_certificate(), stacks=groups, goroutines=45))
    assert "45 goroutines, 9 groups, the largest first" in text
    assert "bgsweep" not in text
    assert "main.guilty" in text
    assert "and 7 in smaller groups" in text
    assert "2 of the Go runtime's own" in text


def test_one_goroutine_is_one_goroutine():
    """Plain words."""
    text = written(replace(example_certificate(), stacks=(group(1, "main.main m.go:1"),), goroutines=1))
    assert "1 goroutine, 1 group\n" in text


def test_a_goroutine_that_only_asked_last_is_no_suspect(shared):
    """Of many small objects the one that found no memory is chance; of threads the group that blocks is to be seen."""
    small = certificate_of(shared / "golden-runs" / "1.23.9" / "oom.log")
    if small.cause.details.get("growth") == "many-small-objects":
        assert "asked last" in small.headline[2]
    threads = certificate_of(shared / "golden-runs" / "1.27.3" / "threads.log")
    assert "goroutines at main." in threads.headline[2]


def test_memory_that_played_no_part_is_one_line(shared):
    """A panic with a tiny steady heap: no table, and the second line is not about dying."""
    text = written(certificate_of(shared / "golden-runs" / "1.27.3" / "panic.log"))
    assert "The memory at the end" not in text
    assert "\n  dying " not in text
    leaky = example_certificate()
    assert "\n  dying " in written(leaky)
    assert headline(leaky)[1]


def test_a_suspect_that_is_not_proven_is_not_told_as_one_that_is():
    """Growth that fits every line as well is no share of anybody's."""
    certificate = replace(example_certificate(), keys=())
    [first, *_] = certificate.suspects
    by_p = [headline(replace(certificate, suspects=({**first, "p_value": p},)))[2] for p in (0.0001, 1.0)]
    assert by_p[0].endswith("% of the growth")
    assert by_p[1].endswith(": likely, not proven")


def of_suspects(*changed):
    """The third line of the head and the advice about suspects that are like the example's, but for these facts."""
    certificate = example_certificate()
    first = {**certificate.suspects[0], "p_value": 1e-6}
    told = replace(certificate, keys=(), suspects=tuple({**first, **each} for each in changed), profile=None, holds=())
    return headline(told)[2], [each.title for each in advise(facts_of(told))]


STAYS = {"kind": "lines", "message": "subscribed", "template": "subscribed", "less": "unsubscribed", "held_share": 0.32}


def test_of_what_comes_and_goes_the_head_tells_how_much_stays():
    """That there are many keys is no fault there: each client has its own."""
    told, advice = of_suspects(STAYS)
    assert told == '"subscribed": 32 % not followed by "unsubscribed"'
    assert advice[0] == 'Find the way out that never says "unsubscribed"'
    assert of_suspects({**STAYS, "p_value": 1.0})[0] == '"subscribed": 32 % not followed by "unsubscribed", likely'
    long, _ = of_suspects({**STAYS, "message": "word " * 20, "template": "word " * 20, "less": "other " * 20})
    assert len(long) <= 69
    assert "32 % not followed by" in long


def test_of_two_causes_both_are_told_and_both_are_to_be_mended():
    """Where the second is not proven it is one that may be meant instead."""
    one = {"message": "series registered", "template": "series registered", "share": 0.56, "group": 1}
    other = {"message": "message parked", "template": "message parked", "share": 0.44, "group": 2}
    told, advice = of_suspects(one, other)
    assert told == '"series registered" 56% and "message parked" 44% of the growth'
    assert 'See what "message parked" leaves behind, too' in advice
    for unsure in ({"p_value": 1.0}, {"share": 0.9}, {"group": 1}):
        told, advice = of_suspects(one, {**other, **unsure})
        assert "message parked" not in told
        assert 'See what "message parked" leaves behind, too' not in advice
    long, _ = of_suspects({**one, "message": "word " * 20, "template": "word " * 20}, other)
    assert len(long) <= 69


def test_lines_that_nothing_tells_apart_are_not_said_to_be_none():
    """They all went with the heap: nobody is accused, and they are named."""
    certificate = example_certificate()
    alike = certificate.suspects[:1]
    certificate = replace(certificate, suspects=(), keys=(), indistinct=alike, profile=None, holds=(), stacks=())
    certificate = replace(certificate, headline=headline(certificate))
    assert certificate.headline[2] == "none is proven: the growth is too even to tell its lines apart"
    said = alike[0]["message"]
    assert said[:20] in " ".join(written(certificate).partition("\nSuspects\n")[2].split())


def test_what_was_live_when_it_began_stands_beside_when_it_began():
    """And not what was live when the process started."""
    certificate = certificate_of("unbounded-map-go1.27.log")
    onset = next(each for each in certificate.moments if each.kind == "onset")
    series = certificate.series
    live_mib = next(
        live for live, at in zip(series.live_high_mib, series.uptime_s, strict=True) if at >= onset.uptime_s
    )
    assert series.live_high_mib[0] < live_mib
    assert f" {live_mib} -> 129 MiB" in certificate.headline[1]


def test_goroutines_that_leak_are_the_suspects_and_the_first_thing_to_mend():
    """Not the message that goes with them, and not a cache."""
    certificate = certificate_of("goroutine-leak-go1.25.log.gz")
    assert certificate.headline[2] == "513 goroutines at main.deliver (main.go:25)"
    assert certificate.advice[0].id == "goroutine-leak"


def test_the_five_lines_fit_a_terminal_on_every_sample():
    """None of them has to be cut in its middle."""
    for file in sorted(LOGS.iterdir()):
        if file.suffix != ".json" and "application" not in file.name and file.stat().st_size < 200_000:
            for certificate in case_of(file).certificates:
                assert max(map(len, certificate.headline)) <= 69, certificate.headline


def test_a_suspect_that_is_not_proven_brings_no_order_to_bound_it():
    """The first advice is to look; where it is proven, to bound."""
    certificate = example_certificate()
    [first, *_] = certificate.suspects
    first_advice = [
        advise(facts_of(replace(certificate, keys=(), suspects=({**first, "p_value": p},))))[0].id for p in (0.001, 0.5)
    ]
    assert first_advice == ["bound-the-cache", "suspect-likely"]


def test_a_proven_suspect_is_never_left_without_advice():
    """With few values it is no cache that wants a bound; the first advice is about it all the same."""
    certificate = replace(example_certificate(), keys=())
    few = {**certificate.suspects[0], "p_value": 0.0001, "distinct": 98}
    [first, *_] = advise(facts_of(replace(certificate, suspects=(few,))))
    assert first.id == "suspect-grows"
    assert first.evidence[0] == f'the heap grew with "{facts_of(replace(certificate, suspects=(few,))).suspect}"'


def test_a_value_without_a_name_is_told_by_the_word_before_it():
    """Never as `values of of`."""
    certificate = replace(example_certificate(), keys=())
    named = {"template": "session of <*> resumed", "message": "", "slot": "#1", "field": None, "distinct": 513}
    unnamed = replace(certificate, suspects=({**certificate.suspects[0], **named, "p_value": 1.0},))
    assert headline(unnamed)[2] == '"session of <*> resumed" (513 values after "of"): likely, not proven'
    assert '513 different values after "of"' in advise(facts_of(unnamed))[0].evidence


def test_what_comes_oftener_than_a_collection_is_no_rare_step():
    """A heap in steps wants a rare path looked for; a suspect of many lines is none."""
    certificate = replace(example_certificate(), verdict={"kind": "leak-staircase", "leak": True})
    advised = {}
    for events in (3, 2_000):
        suspects = ({**certificate.suspects[0], "events": events},)
        advised[events] = [each.id for each in advise(facts_of(replace(certificate, suspects=suspects)))]
    assert "staircase" in advised[3]
    assert "staircase" not in advised[2_000]


def test_a_limit_that_is_known_from_gomemlimit_alone_is_told_as_such():
    """Wherever a limit may come from, there are words for it, in the text and on the page."""
    case = case_of("memory-limit-spiral-go1.27.log.xz")
    [certificate] = case.certificates
    assert certificate.memory.limit_source == "gomemlimit"
    assert "(that of GOMEMLIMIT)" in written(certificate)
    assert b"(that of GOMEMLIMIT)" in page(case)


def test_a_proof_is_quoted_as_it_looked():
    """A logger that paints its lines leaves no escapes in the certificate."""
    certificate = example_certificate()
    quote = Quote("\x1b[90m12:00:48\x1b[0m \x1b[32mINF\x1b[0m shutting down", "app.log", 9)
    text = written(replace(certificate, cause=replace(certificate.cause, evidence=(quote,))))
    assert "    | 12:00:48 INF shutting down\n" in text


def test_a_warning_that_was_taken_back_is_no_loose_end_of_the_story(tmp_path):
    """Growth for 80 s, then the memory comes back: both are told, and nobody is suspected."""
    levels = [*range(10, 90), *(45 + at % 2 for at in range(40))]
    log = tmp_path / "quiz.log"
    log.write_text("".join(
        f"gc {at + 1} @{at}.000s 1%: 0.02+0.3+0.01 ms clock, 0.08+0.1/0.2/0+0.04 ms cpu, "
        f"{2 * live - 2}->{2 * live - 1}->{live} MB, {2 * live} MB goal, 0 MB stacks, 0 MB globals, 4 P\n"
        for at, live in enumerate(levels)
    ))  # fmt: skip
    told = certificate_of(log)
    kinds = [each.kind for each in told.moments]
    assert kinds.index("first-warning") + 1 == kinds.index("taken-back")
    assert "the memory came back" in told.moments[kinds.index("taken-back")].text
    assert "the live heap was 88 MiB at most in 119 s" in written(told)


def test_what_comes_and_does_not_leave_is_told_with_the_way_to_look_for():
    """The key is an ordinary one: what is wrong is a way out on which nobody lets go."""
    [suspect, *_] = example_certificate().suspects
    less = {"kind": "lines", "per_event_kib": 20.0, "less": "session closed", "held_share": 0.34, "events": 5000}
    certificate = replace(example_certificate(), suspects=({**suspect, **less},))
    certificate = replace(certificate, advice=advise(facts_of(certificate)))
    text = " ".join(written(certificate).split())
    assert 'less those that say "session closed": 34 % stay, 20 KiB kept for each that stays, 4,120 different' in text
    assert 'Find the way out that never says "session closed"' in text
    assert "34 % was not followed" in text
    assert "Bound what keeps one entry" not in text


@pytest.mark.parametrize(
    ("with_kernel", "told"),
    [([], "the log ends "), (["unbounded-map-go1.27.kernel.log"], "it lasted ")],
)
def test_the_first_forecast_is_held_against_an_end_only_where_there_is_one(with_kernel, told):
    certificate = certificate_of("unbounded-map-go1.27.log", *with_kernel, "--limit", "256MiB")
    assert certificate.foretold is not None
    assert f"; {told}" in certificate.foretold.sentence


def test_a_log_that_stops_far_from_any_limit_is_no_dying():
    """It may have been copied while the process went on."""
    certificate = example_certificate()
    stopped = replace(certificate, cause=replace(certificate.cause, name="unknown", details={}))
    assert not dying(stopped)
    assert dying(replace(stopped, cause=replace(stopped.cause, details={"near_limit": True})))
    assert dying(certificate)
