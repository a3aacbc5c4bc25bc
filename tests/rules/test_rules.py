"""Rules that users write: how they are read, what is said where they make no sense, and when they speak."""

import json
import math
import subprocess
import sys
from itertools import pairwise

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from gctail.errors import GctailError
from gctail.golang.pacer import Derived, PacerView
from gctail.records import GcCycle
from gctail.rules import Counts, Plan, Rule, RuleError, RuleWatch, load_rules, parse_rule
from gctail.rules.grammar import parse_value
from gctail.rules.loading import parse_summary, written_summary
from gctail.rules.meaning import FUNCTIONS, meaning_of_value
from gctail.rules.series import SOURCES
from gctail.rules.units import SHARE, Unit, shown
from gctail.rules.values import Arithmetic, Call, Comparison, Logic, Negative, Not, Quantity, Series, written
from gctail.rules.windows import BUCKETS, Spread, Summary, Tally, Trail

# -- collections to tell stories with


def cycle(number: int, live: int, uptime_s: float, *, forced: bool = False) -> GcCycle:
    """A collection that left `live` MiB."""
    return GcCycle(
        number, uptime_s, 1, (0.02, 1.0, 0.03), (0.1, 0.2, 1.0, 0.1, 0.1), 2 * live, 2 * live, live, 2 * live, 0, 0, 4,
        forced=forced, leak_check=False, go="1.18+",
    )  # fmt: skip


class Story:
    """Collections of one process before one rule, told in seconds and MiB."""

    def __init__(self, *rules: Rule, limit_mib: float | None = None) -> None:
        self.watch = RuleWatch(Plan(rules), "payments", limit_mib)
        self.view = PacerView()
        self.number = 0
        self.counts = Counts()

    def at(self, uptime_s: float, live: int, derived: Derived | None = None, **more: bool) -> list[str]:
        """One collection, and what the rules say to it: `onset` and `resolved`."""
        return [signal.phase for signal in self.signals(uptime_s, live, derived, **more)]

    def signals(self, uptime_s: float, live: int, derived: Derived | None = None, **more: bool):
        self.number += 1
        gc = cycle(self.number, live, uptime_s, **more)
        return self.watch.observe(gc, derived or self.view.observe(gc), uptime_s, self.counts)

    def later(self, uptime_s: float) -> list[str]:
        """Time has passed without a collection."""
        return [signal.phase for signal in self.watch.advance(uptime_s, self.counts)]


def story(text: str, limit_mib: float | None = None, **more: object) -> Story:
    """A story before one rule."""
    return Story(replace(parse_rule(text, "it"), **more), limit_mib=limit_mib)


# -- stories


def test_a_rule_speaks_once_when_it_begins_to_hold_and_once_when_it_is_over():
    """Nothing is said twice in between."""
    told = story("live > 100MiB")
    assert [told.at(t, live) for t, live in enumerate([50, 100, 101, 150, 99, 98])] == [
        [], [], ["onset"], [], ["resolved"], [],
    ]  # fmt: skip


def test_what_a_rule_says_carries_its_name_its_severity_and_the_values_behind_it():
    """A finding of a rule is understood without looking the rule up."""
    rule = load_rules("""
        [[rule]]
        name = "big"
        when = "live > 2GiB and slope(live, 30m) >= 0"
        severity = "critical"
        summary = "{service} has {live} ({rule})"
    """)[0]
    told = Story(rule)
    for minute in range(20):
        assert told.at(60 * minute, 1000) == []
    [signal] = told.signals(1200, 3072)
    assert (signal.kind, signal.severity, signal.phase) == ("rule:big", "critical", "onset")
    assert signal.summary == "payments has 3 GiB (big)"
    assert signal.evidence["when"] == "live > 2GiB and slope(live, 30m) >= 0"
    assert signal.evidence["values"]["live"] == 3072
    assert signal.evidence["units"] == {"live": "MiB", "slope(live, 30m)": "MiB/s"}
    [signal] = told.signals(1260, 100)
    assert (signal.severity, signal.phase, signal.summary) == ("info", "resolved", "big is over after 60 s")


def test_with_for_a_rule_waits_and_begins_anew_after_every_break():
    """Five minutes without a break, not five minutes together."""
    told = story("live > 100MiB for 5m")
    assert [told.at(60 * t, 200) for t in range(5)] == [[]] * 5
    assert told.at(290, 50) == []
    assert [told.at(300 + 60 * t, 200) for t in range(6)] == [[]] * 5 + [["onset"]]


def test_for_may_come_due_while_no_collection_comes():
    """A heap that is too large stays so until the next collection says otherwise."""
    told = story("live > 100MiB for 5m")
    assert told.at(0, 200) == []
    assert (told.later(299), told.later(300), told.later(301)) == ([], ["onset"], [])


def test_between_two_onsets_lies_the_cooldown():
    """A value that swings around its threshold is told once in a while; the next time, as soon as the time is over."""
    told = story("live > 100MiB", cooldown_s=60.0)
    phases = [told.at(10 * t, 200 if t % 2 == 0 else 50) for t in range(10)]
    assert [10 * t for t, phase in enumerate(phases) if phase == ["onset"]] == [0, 60]


def test_the_older_rule_of_thumb_sees_a_jump_between_rare_collections_and_no_busy_service():
    """Fifty MiB in thirty seconds with one collection; the same growth over ten minutes is none, nor is a busy collector."""
    text = "growth(live, 30s) > 50MiB and collections(30s) < 2"
    told = story(text)
    assert (told.at(100, 100), told.at(135, 200)) == ([], ["onset"])
    told = story(text)
    assert (told.at(100, 100), told.at(700, 200)) == ([], [])
    told = story(text)
    assert [told.at(10 * t, 100 + 30 * t) for t in range(1, 20)] == [[]] * 19


def test_a_steep_slope_is_seen_when_its_collections_fill_half_of_the_window():
    """10 MB/min over half an hour; two collections of a start-up are no slope."""
    told = story("slope(live, 30m) > 10MB/min")
    phases = [told.at(60 * t, 100 + 20 * t) for t in range(40)]
    first = phases.index(["onset"])
    assert 12 <= first <= 16
    flat = story("slope(live, 30m) > 10MB/min")
    assert all(flat.at(60 * t, 100 + 5 * t) == [] for t in range(100))


def test_a_new_high_is_compared_with_the_collections_before_it():
    """`max` does not hold the collection that is judged; so it can be exceeded."""
    told = story("live > max(live, 1h)", cooldown_s=0.0)
    phases = [told.at(t, live)[-1:] for t, live in enumerate([10, 9, 10, 11, 11, 12])]
    assert phases == [[], [], [], ["onset"], ["resolved"], ["onset"]]


def test_a_window_forgets():
    """After an hour without it, a high is no longer the highest."""
    told = story("max(live, 1h) - min(live, 1h) > 1GiB")
    told.at(0, 3000)
    assert told.at(60, 100) == []
    assert told.at(120, 100) == ["onset"]
    assert told.at(3500, 100) == []
    assert told.at(3700, 100) == ["resolved"]


def test_a_burst_of_errors_is_measured_against_the_hour():
    """Errors are counted between collections; a steady stream of them is usual."""
    told = story("rate(errors, 1m) > 3 * rate(errors, 1h)")
    for t in range(120):
        told.counts.errors += 1
        assert told.at(30 * t, 10) == []
    told.counts.errors += 50
    assert told.later(3600) == ["onset"]
    assert told.later(3700) == ["resolved"]


def test_lines_before_the_first_collection_are_no_burst():
    """Whoever begins to watch in the middle of a log does not know how old its errors are; the collections count."""
    told = story("errors(1m) > 0 or collections(1m) > 1")
    told.counts.errors = 500
    assert (told.at(10, 10), told.at(11, 10)) == ([], ["onset"])


def test_application_lines_are_counted_and_so_are_those_that_complain():
    """Levels as gctail reads them in any format, error and worse."""
    counts = Counts()
    counts.read(b'level=info msg=a\nlevel=error msg=b\n{"level":"fatal","msg":"c"}\nplain text\n')
    counts.read(memoryview(b"2026/11/23 panic: no\n"), levels=False)
    assert (counts.lines, counts.errors) == (5, 2)


def test_what_is_not_known_neither_fires_nor_resolves():
    """No limit was told: nothing can be said about it. A line was lost: the rule stays as it was."""
    assert story("goal > 0.9 * limit").at(1, 1000) == []
    assert story("goal > 0.9 * limit", limit_mib=1024.0).at(1, 1000) == ["onset"]
    assert story("not goal > limit").at(1, 1000) == []
    told = story("gc_cpu > 25%")
    busy = Derived(10, 0.1, gc_cpu_share=0.5)
    assert told.at(1, 10, busy) == ["onset"]
    assert told.at(2, 10, Derived(10, 0.1)) == []
    assert told.at(3, 10, Derived(10, 0.1, gc_cpu_share=0.1)) == ["resolved"]


def test_what_is_not_known_does_not_matter_where_the_rest_decides():
    """`or` holds when one side does, `and` fails when one side does."""
    assert story("goal > limit or live > 1MiB").at(1, 5) == ["onset"]
    assert story("live > 1MiB or goal > limit").at(1, 5) == ["onset"]
    assert story("not (goal > limit and live > 1GiB)").at(1, 5) == ["onset"]
    assert story("not (live > 1GiB and goal > limit)").at(1, 5) == ["onset"]
    assert story("live / (live - live) > 1 or live > 1MiB").at(1, 5) == ["onset"]


def test_over_says_how_often_a_condition_held():
    """Four of the last five collections, not each of them."""
    told = story("over(live > 100MiB, 1m) >= 80%")
    phases = [told.at(10 * t, live) for t, live in enumerate([50, 200, 200, 50, 200, 200, 200])]
    assert phases.index(["onset"]) == 6


def test_time_that_goes_back_or_makes_no_sense_does_no_harm():
    """A late line is judged as of now."""
    told = story(
        "growth(live, 30s) > 1MiB and rate(collections, 1m) > 0 and slope(live, 1m) > 0 or avg(live, 5s) > 1TiB"
    )
    for t in (5.0, 3.0, math.nan, math.inf, -math.inf, -1.0, 1e18, 0.0):
        told.at(t, 5)
        told.later(t)


def test_without_an_enabled_rule_there_is_nothing_to_do():
    """A plan of nothing is false, and its watch keeps nothing."""
    plan = Plan([replace(parse_rule("live > max(live, 1h)", "it"), enabled=False)])
    watch = RuleWatch(plan)
    assert not plan
    assert (plan.slots, plan.series, plan.names) == ([], [], frozenset())
    assert watch.observe(cycle(1, 5, 1.0), Derived(5, 0.1), 1.0) == []
    assert (watch.collections, watch.advance(2.0)) == (0, [])


def test_rules_that_ask_for_the_same_share_a_window():
    """min, max, avg and slope of one series and window are kept together."""
    texts = ["min(live, 1h) > 1MiB", "max(live, 60m) > avg(live, 3600s)", "slope(live, 1h) > 0", "max(live, 2h) > 0"]
    assert len(Plan([parse_rule(text, f"r{at}") for at, text in enumerate(texts)]).slots) == 2


# -- what is wrong is said with a caret under it


def test_a_rule_on_several_lines_is_shown_on_one_with_its_caret_in_place():
    """As a long rule is written in TOML, with tabs: blanks stand for what parts its words."""
    with pytest.raises(RuleError) as caught:
        parse_rule("live > 2GiB\n\tand liv > 3", "it")
    assert str(caught.value).split("\n")[1:] == ["  live > 2GiB  and liv > 3", "                   ^"]


WRONG = {
    "1 > 2": """\
rule "it": 1 > 2 is the same for ever: nothing in it comes from the service; compare a series, such as live > 512MiB
  1 > 2
  ^""",
    "live > 1GiB and 2GiB > -3 * 1GiB": """\
rule "it": 2GiB > -3 * 1GiB is the same for ever: nothing in it comes from the service; compare a series, such as \
live > 512MiB
  live > 1GiB and 2GiB > -3 * 1GiB
                  ^""",
    "live > live": """\
rule "it": live > live compares live with itself
  live > live
         ^""",
    "live / 0 > 1GiB": """\
rule "it": live / 0 divides by nothing, which never has a value
  live / 0 > 1GiB
         ^""",
    "live / (1 - 1) > 1GiB": """\
rule "it": live / (1 - 1) divides by nothing, which never has a value
  live / (1 - 1) > 1GiB
          ^""",
    "max(1 + 1, 1h) > 0": """\
rule "it": max takes a series first, and 1 + 1 is a quantity; write for example max(live, 1h)
  max(1 + 1, 1h) > 0
      ^""",
    "live > 30s": """\
rule "it": live is a size and 30s is a duration, which cannot be compared; write a size such as 512MiB
  live > 30s
         ^""",
    "lvie > 3MiB": """\
rule "it": there is no series "lvie"; did you mean "live"?
  lvie > 3MiB
  ^""",
    "latency > 3ms": """\
rule "it": there is no series "latency"; there are live, marked, start, end, goal, next_goal, stacks, globals, limit, \
headroom, pause, alloc_rate, gc_cpu, assist, mark_share, procs, goroutines, interval, uptime, forced, collections, \
lines, errors, missing, mended
  latency > 3ms
  ^""",
    "live >": """\
rule "it": the rule ends where it should go on: expected a series, a function, a quantity or "("
  live >
        ^""",
    "": """\
rule "it": the rule ends where it should go on: expected a series, a function, a quantity or "("
  """ + """
  ^""",
    "live > 2 GiB": """\
rule "it": expected an operator, "and", "or", "for" or the end of the rule, found "GiB"; write 2GiB without a blank
  live > 2 GiB
           ^""",
    "live > 2GiB && goal > 1GiB": """\
rule "it": expected an operator, "and", "or", "for" or the end of the rule, found "&&"; write "and"
  live > 2GiB && goal > 1GiB
              ^""",
    "live > 2GiB || goal > 1GiB": """\
rule "it": expected an operator, "and", "or", "for" or the end of the rule, found "||"; write "or"
  live > 2GiB || goal > 1GiB
              ^""",
    "live = 2GiB": """\
rule "it": expected an operator, "and", "or", "for" or the end of the rule, found "="; write "=="
  live = 2GiB
       ^""",
    "!live": """\
rule "it": expected a series, a function, a quantity or "(", found "!"; write "not"
  !live
  ^""",
    "live > 2GiB adn goal > 1GiB": """\
rule "it": expected an operator, "and", "or", "for" or the end of the rule, found "adn"; did you mean "and"?
  live > 2GiB adn goal > 1GiB
              ^""",
    "live > 1MiB and and": """\
rule "it": expected a series, a function, a quantity or "(", found "and"
  live > 1MiB and and
                  ^""",
    "1 < procs < 9": """\
rule "it": expected an operator, "and", "or", "for" or the end of the rule, found "<"; write two comparisons, \
joined by and
  1 < procs < 9
            ^""",
    "live => 2GiB": """\
rule "it": expected an operator, "and", "or", "for" or the \
end of the rule, found "=>"; write ">="
  live => 2GiB
       ^""",
    "live ≥ 2GiB": """\
rule "it": expected an operator, "and", "or", "for" or the \
end of the rule, found "≥"; write ">="
  live ≥ 2GiB
       ^""",
    "live > 90% of limit": """\
rule "it": expected an operator, "and", "or", "for" or the \
end of the rule, found "of"; write "*"
  live > 90% of limit
             ^""",
    "live between 1MiB and 2MiB": """\
rule "it": expected an operator, "and", "or", "for" or the \
end of the rule, found "between"; write two comparisons, joined by and
  live between 1MiB and 2MiB
       ^""",
    'live > "2GiB"': """\
rule "it": expected a series, a function, a quantity or "(", found a quote; \
names and quantities stand without quotes
  live > "2GiB"
         ^""",
    "live > 1,5GB": """\
rule "it": expected an operator, "and", "or", "for" or the \
end of the rule, found ","; write a decimal point, and no sign between thousands
  live > 1,5GB
          ^""",
    "growth(live 30s) > 3MiB": """\
rule "it": expected an operator, "," or ")", found "30s"; between two arguments stands a comma
  growth(live 30s) > 3MiB
              ^""",
    "slope(live, 5m) > 1MB/minute": """\
rule "it": there is no series "minute"; times are written 30s, 5m, 1h or 2d, and sizes per time \
10MB/min or 1GB/h
  slope(live, 5m) > 1MB/minute
                        ^""",
    "gc_cpu > 250%": """\
rule "it": gc_cpu is a share, of which there is never more than 100%
  gc_cpu > 250%
           ^""",
    "p99(pause, 5m) > 3ms": """\
rule "it": there is no function "p99"; did you mean "quantile"?
  p99(pause, 5m) > 3ms
  ^""",
    "(live > 2GiB": """\
rule "it": the rule ends where it should go on: expected an operator or ")"
  (live > 2GiB
              ^""",
    "live > 2GiB)": """\
rule "it": expected an operator, "and", "or", "for" or the end of the rule, found ")"
  live > 2GiB)
             ^""",
    "avg(live[5m]) > 3MiB": """\
rule "it": expected an operator, "," or ")", found "["; a window is a second argument: avg(live, 5m)
  avg(live[5m]) > 3MiB
          ^""",
    'errors{job="x"} > 3': """\
rule "it": expected an operator, "and", "or", "for" or the end of the rule, found "{"; a rule speaks of one service, \
so it selects none
  errors{job="x"} > 3
        ^""",
    "growth() > 3MiB": """\
rule "it": expected a series, a function, a quantity or "(", found ")"
  growth() > 3MiB
         ^""",
    "growth(live) > 3MiB": """\
rule "it": growth takes two arguments, the second a window; write for example growth(live, 30s)
  growth(live) > 3MiB
  ^""",
    "since_start(live, 1h) > 0": """\
rule "it": since_start takes one argument, a series; write for example since_start(live)
  since_start(live, 1h) > 0
  ^""",
    "quantile(pause, 1h) > 3ms": """\
rule "it": quantile takes three arguments; write for example quantile(pause, 1h, 99%)
  quantile(pause, 1h) > 3ms
  ^""",
    "quantile(pause, 1h, 99) > 3ms": """\
rule "it": a quantile is a share between 0% and 100%, not 99; did you mean 99%?
  quantile(pause, 1h, 99) > 3ms
                      ^""",
    "growth(live, goal) > 3MiB": """\
rule "it": a window is a duration such as 30s, 5m or 1h, not goal; write for example growth(live, 30s)
  growth(live, goal) > 3MiB
               ^""",
    "max(live, 10ms) > 3MiB": """\
rule "it": a window lasts from 1s to 31d, not 10ms
  max(live, 10ms) > 3MiB
            ^""",
    "errors(1m, 2m) > 3": """\
rule "it": errors takes one argument, a window; write for example errors(30s)
  errors(1m, 2m) > 3
  ^""",
    "rate(live, 5m) > 3MiB/s": """\
rule "it": rate takes a counter, and live is none; write slope(…) or growth(…)
  rate(live, 5m) > 3MiB/s
       ^""",
    "over(live, 5m) > 80%": """\
rule "it": over takes a condition, and live is a size; write for example over(pause > 10ms, 5m)
  over(live, 5m) > 80%
       ^""",
    "growth(2GiB, 5m) > 3MiB": """\
rule "it": growth takes a series first, and 2GiB is a quantity; write for example growth(live, 30s)
  growth(2GiB, 5m) > 3MiB
         ^""",
    "growth(max(live, 5m), 5m) > 3MiB": """\
rule "it": max stands within growth: a window within a window is not kept
  growth(max(live, 5m), 5m) > 3MiB
         ^""",
    "live(5m) > 3MiB": """\
rule "it": live is a value and no function; write for example live, avg(live, 5m) or growth(live, 5m)
  live(5m) > 3MiB
  ^""",
    "growth > 3MiB": """\
rule "it": growth is a function; write for example growth(live, 30s)
  growth > 3MiB
  ^""",
    "avg_over_time(live, 5m) > 3MiB": """\
rule "it": there is no function "avg_over_time"; did you mean "avg"?
  avg_over_time(live, 5m) > 3MiB
  ^""",
    "predict_linear(live, 5m) > 3MiB": """\
rule "it": there is no function "predict_linear"; there are growth, slope, since_start, rate, min, max, avg, quantile, \
over
  predict_linear(live, 5m) > 3MiB
  ^""",
    "gc_cpu > 25": """\
rule "it": a share is between 0 and 1, and 25 is a plain number; did you mean 25%?
  gc_cpu > 25
           ^""",
    "errors(5m) > 25%": """\
rule "it": errors(5m) is a count and 25% is a share, which cannot be compared
  errors(5m) > 25%
               ^""",
    "rate(errors, 1m) > 5": """\
rule "it": rate(errors, 1m) is a count per time and 5 is a plain number, which cannot be compared; write a count per \
time such as 5/min
  rate(errors, 1m) > 5
                     ^""",
    "live * live > 5GiB": """\
rule "it": live * live is a quantity in MiB^2 and 5GiB is a size, which cannot be compared
  live * live > 5GiB
                ^""",
    "live + 3s > 4MiB": """\
rule "it": live is a size and 3s is a duration, which cannot be added; write a size such as 512MiB
  live + 3s > 4MiB
         ^""",
    "live - procs > 4MiB": """\
rule "it": live is a size and procs is a count, which cannot be subtracted
  live - procs > 4MiB
         ^""",
    "live": """\
rule "it": live is a size, which neither holds nor fails; compare it: live > 512MiB
  live
  ^""",
    "live > 1GiB and not forced": """\
rule "it": forced is a plain number, which neither holds nor fails; compare it: forced > 0
  live > 1GiB and not forced
                      ^""",
    "(live > 1GiB) + 3 > 4": """\
rule "it": live > 1GiB holds or fails; it has no value to count with
  (live > 1GiB) + 3 > 4
   ^""",
    "uptime > 5min": """\
rule "it": there is no unit "min"; did you mean 5m?
  uptime > 5min
           ^""",
    "live > 5parsec": """\
rule "it": there is no unit "parsec"; write a size such as 512MiB, a duration such as 30s or 1h30m, a share such as \
25%, or a number
  live > 5parsec
         ^""",
    "live > 1e999": """\
rule "it": 1e999 is beyond all measure
  live > 1e999
         ^""",
    "live > 2GiB for": """\
rule "it": the rule ends where it should go on: expected a duration such as 5m
  live > 2GiB for
                 ^""",
    "live > 2GiB for 5MiB": """\
rule "it": "for" takes a duration such as 5m, and 5MiB is a size
  live > 2GiB for 5MiB
                  ^""",
    "live > 2GiB for 5m and goal > 2GiB": """\
rule "it": expected an operator, "and", "or", "for" or the end of the rule, found "and"; "for" stands at \
the end of the rule, once
  live > 2GiB for 5m and goal > 2GiB
                     ^""",
    "(" * 9 + "live": """\
rule "it": parentheses go at most 8 deep
  (((((((((live
          ^""",
    "live > 1MiB\tor\n\x1b": """\
rule "it": expected a series, a function, a quantity or "(", found "\ufffd"
  live > 1MiB or """ + "\ufffd" + """
                 ^""",
}  # fmt: skip


@pytest.mark.parametrize("text", WRONG)
def test_a_message_says_what_is_wrong_where_and_what_to_do(text):
    """In one sentence, with a caret under the place."""
    with pytest.raises(RuleError) as caught:
        parse_rule(text, "it")
    assert str(caught.value) == WRONG[text]
    *_, caret = WRONG[text].split("\n")
    assert caught.value.column == len(caret) - 2


def test_a_rule_that_is_too_long_is_refused():
    """Nobody wrote it by hand."""
    with pytest.raises(RuleError, match="a rule has at most 1000 characters, this one 1011"):
        parse_rule("live > 1MiB" + " " * 1000, "it")
    with pytest.raises(RuleError, match="a rule has at most 64 operators; make two of it"):
        parse_rule("live > 1MiB" + " + 1MiB" * 64, "it")


def test_an_error_in_a_rule_is_one_of_ours_and_a_value_error():
    """The command line shows it as a sentence."""
    assert issubclass(RuleError, GctailError)
    assert issubclass(RuleError, ValueError)


WRONG_FILES = {
    "rule = 3": "rules are tables of a list: write [[rule]], in double brackets",
    "[rule]\nname = 'a'": "rules are tables of a list: write [[rule]], in double brackets",
    "[[rules]]": 'there is no key "rules"; did you mean "rule"?',
    "[[alert]]": 'there is no key "alert"; write [[rule]]',
    "[[rule]]": 'rule 1: "when" is missing; a rule has at least a name and a when',
    "[[rule]]\nwhen = 'live > 1MiB'": 'rule 1: "name" is missing; a rule has at least a name and a when',
    "[[rule]]\nname = 'a'\nwehn = 'live > 1MiB'": 'rule "a": there is no key "wehn"; did you mean "when"?',
    "[[rule]]\nname = 'a'\nlabels = 1": (
        'rule "a": there is no key "labels"; there are name, when, severity, summary, enabled, cooldown'
    ),
    "[[rule]]\nname = 'a b'\nwhen = 'live > 1MiB'": (
        'rule "a b": a name has 1 to 64 letters, digits, "-", "_" and "."'
    ),
    "[[rule]]\nname = 'a'\nwhen = 5": 'rule "a": when is a text in quotes, not 5',
    "[[rule]]\nname = 'a'\nwhen = 'live > 1MiB'\nseverity = 'warn'": (
        'rule "a": severity is info, warning or critical, not "warn"; did you mean "warning"?'
    ),
    "[[rule]]\nname = 'a'\nwhen = 'live > 1MiB'\nenabled = 'yes'": "rule \"a\": enabled is true or false, not 'yes'",
    "[[rule]]\nname = 'a'\nwhen = 'live > 1MiB'\ncooldown = '5MiB'": (
        'rule "a": cooldown is a duration such as "10m", not "5MiB"'
    ),
    "[[rule]]\nname = 'a'\nwhen = 'live > 1MiB'\n[[rule]]\nname = 'a'\nwhen = 'live > 2MiB'": (
        'rule "a": there are 2 rules of this name; give each its own'
    ),
    "[[rule]]\nname = 'a'\nwhen = 'live > 1MiB'\nsummary = 'now {livee}'": """\
rule "a", summary: there is no series "livee"; did you mean "live"?
  now {livee}
       ^""",
    "[[rule]]\nname = 'a'\nwhen = 'live > 1MiB'\nsummary = '{servise}'": """\
rule "a", summary: there is no "servise"; did you mean "service"?
  {servise}
   ^""",
    "[[rule]]\nname = 'a'\nwhen = 'live > 1MiB'\nsummary = 'x {live + 3s}'": """\
rule "a", summary: live is a size and 3s is a duration, which cannot be added; write a size such as 512MiB
  x {live + 3s}
            ^""",
    "[[rule]]\nname = 'a'\nwhen = 'live > 1MiB'\nsummary = 'x { live'": """\
rule "a", summary: a single "{"; write {{ for a brace
  x { live
    ^""",
    "[[rule]]\nname = 'a'\nwhen = 'live > 1MiB'\nsummary = '{}'": """\
rule "a", summary: the rule ends where it should go on: expected a series, a function, a quantity or "("
  {}
   ^""",
    "[[rule]]\nname = 'a'\nwhen = 'live > 30s'": """\
rule "a": live is a size and 30s is a duration, which cannot be compared; write a size such as 512MiB
  live > 30s
         ^""",
}


@pytest.mark.parametrize("text", WRONG_FILES)
def test_a_file_of_rules_that_cannot_be_used_says_which_rule_and_why(text):
    """Unknown keys and names with what was probably meant."""
    with pytest.raises(RuleError) as caught:
        load_rules(text)
    assert str(caught.value) == WRONG_FILES[text]


def test_what_is_no_toml_is_said_to_be_none():
    """With the place that the TOML reader gives."""
    with pytest.raises(RuleError, match=r"this is no TOML: .*line 1"):
        load_rules("[[rule]")


def test_too_many_rules_or_windows_are_refused():
    """Memory is bounded for every service, whatever is asked for."""
    rules = [parse_rule("live > 1MiB", f"r{at}") for at in range(101)]
    with pytest.raises(RuleError, match="at most 100 rules can be switched on, these are 101"):
        Plan(rules)
    rules = [parse_rule(f"max(live, {2 * at + 1}s) > min(goal, {2 * at + 2}s)", f"r{at}") for at in range(51)]
    with pytest.raises(RuleError, match="the rules together ask for more than 100 windows"):
        Plan(rules)


# -- what we ship and what we say


def test_every_shipped_rule_is_read_and_is_switched_off(root):
    """Nobody gets an alarm that he did not ask for; the old rule of thumb is among them."""
    rules = load_rules((root / "config" / "rules.toml").read_text(encoding="utf-8"))
    assert not Plan(rules)
    by_name = {rule.name: rule for rule in rules}
    assert by_name["fast-growth"].when == "growth(live, 30s) > 50MiB and collections(30s) < 2"
    assert Plan([replace(rule, enabled=True) for rule in rules])


def page(root) -> str:
    return (root / "docs" / "rules.md").read_text(encoding="utf-8")


def test_every_rule_of_the_page_is_read(root):
    """Those of the examples, and the file that it begins with."""
    blocks = page(root).split("```")
    rules = [line for block in blocks if block.startswith("rules\n") for line in block.splitlines()[1:]]
    files = [block.removeprefix("toml\n") for block in blocks if block.startswith("toml\n")]
    assert [parse_rule(rule, "it").when for rule in rules] == rules
    assert len(rules) >= 12
    assert [len(load_rules(file)) for file in files] == [1]


def test_the_page_has_every_series_and_every_function_and_no_other(root):
    """The tables are what the program knows, in its order and words."""
    rows = [line.strip("|").split(" | ") for line in page(root).splitlines() if line.startswith("| `")]
    series = [
        [f" `{name}`", source.unit.words.removeprefix("a "), source.about + " "]
        for name, source in SOURCES.items()
        if not source.counter
    ]
    assert [row for row in rows if len(row) == 3] == series
    functions = [[f" `{function.usage}`", function.about + " "] for function in FUNCTIONS.values()]
    assert [row for row in rows if len(row) == 2] == functions
    for name, source in SOURCES.items():
        assert f"`{name}`" in page(root), (name, source)


@pytest.mark.parametrize("usage", [function.usage for function in FUNCTIONS.values()])
def test_every_example_of_a_function_is_read(usage):
    """What a message tells one to write can be written."""
    parse_rule(f"{usage} > 0", "it")


def test_pyparsing_is_loaded_with_the_first_rule_and_not_before():
    """It costs a tenth of a second, which those who have no rules need not pay."""
    program = (
        "import sys, gctail.rules as r; a = 'pyparsing' in sys.modules; r.parse_rule('live > 1MiB', 'it'); print(a)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


@pytest.mark.parametrize(
    ("value", "text", "shows"),
    [
        (2099.2, "2GiB", "2.05 GiB"), (12, "2GiB", "12 MiB"), (0.2, "1MiB/s", "12 MiB/min"), (20.0, "1MiB/s", "20 MiB/s"),
        (0.001, "1MiB/s", "3.6 MiB/h"), (0.1, "1s", "100 ms"), (90, "1s", "90 s"), (600, "1s", "10 min"),
        (9000, "1s", "2.5 h"), (0.25, "1%", "25 %"), (3.0, "1", "3"), (None, "1", "unknown"), (0.5, "1/s", "30/min"),
        (-2048, "1MiB", "-2 GiB"), (0, "1MiB/s", "0 MiB/h"),
    ],
)  # fmt: skip
def test_values_are_shown_with_their_unit(value, text, shows):
    """In the unit in which one would say them."""
    assert shown(value, parse_value(text).unit) == shows


# -- properties

QUANTITIES = {
    Unit(mib=1): ["2GiB", "1.5MiB", "10MB", "5k", "2Gi"],
    Unit(s=1): ["30s", "1h30m", "100ms", "2d"],
    SHARE: ["25%", "99.9%", "0%"],
    Unit(of="count"): ["3", "10"],
    Unit(): ["1", "0.5", "2e3"],
    Unit(mib=1, s=-1): ["10MB/min", "1GiB/h", "5MiB/s"],
    Unit(s=-1, of="count"): ["5/s", "3/min"],
}
UNITS = [unit for unit in QUANTITIES if any(source.unit == unit for source in SOURCES.values())]
WINDOW = st.sampled_from(["30s", "5m", "1h", "1d"]).map(lambda text: part_of(f"growth(live, {text}) > 0").arguments[1])


def part_of(text: str):
    """The left side of a comparison."""
    return parse_rule(text, "it").condition.left


def literals(unit: Unit):
    texts = QUANTITIES.get(unit, QUANTITIES[Unit()])
    return st.sampled_from(texts).map(parse_value)


def series(unit: Unit):
    names = [name for name, source in SOURCES.items() if source.unit == unit]
    return st.sampled_from(names).map(Series)


@st.composite
def values(draw, unit, depth=2, *, windows=True):
    """A value of a unit."""
    leaf = draw(st.sampled_from(["literal", "series", "deeper", "deeper"])) if depth else "series"
    if leaf == "literal":
        return draw(literals(unit))
    if leaf == "series" or not depth:
        return draw(series(unit))
    kind = draw(st.sampled_from(["+", "-", "*", "/", "negative", "call"]))
    if kind == "negative":
        return Negative(draw(values(unit, depth - 1, windows=windows)))
    left = draw(values(unit, depth - 1, windows=windows))
    if kind in "+-":
        return Arithmetic(kind, left, draw(values(unit, depth - 1, windows=windows)))
    if kind in "*/":
        return Arithmetic(kind, left, draw(literals(Unit())))
    return draw(calls(unit)) if windows else left


@st.composite
def calls(draw, unit):
    """A function that answers in a unit."""
    of, window = draw(values(unit, 1, windows=False)), draw(WINDOW)
    assume(not isinstance(of, Quantity))
    name = draw(st.sampled_from(["growth", "min", "max", "avg", "quantile", "since_start"]))
    more = [draw(literals(SHARE))] if name == "quantile" else []
    return Call(name, (of,) if name == "since_start" else (of, window, *more))


@st.composite
def conditions(draw, depth=2):
    """A condition that makes sense."""
    kind = draw(st.sampled_from(["compare", "and", "or", "not"])) if depth else "compare"
    if kind in {"and", "or"}:
        return Logic(kind, draw(conditions(depth - 1)), draw(conditions(depth - 1)))
    if kind == "not":
        return Not(draw(conditions(depth - 1)))
    unit = draw(st.sampled_from(UNITS))
    sign = draw(st.sampled_from([">", ">=", "<", "<=", "==", "!="]))
    return Comparison(sign, draw(values(unit)), draw(values(unit)))


@settings(deadline=None, max_examples=60)
@given(conditions(), st.sampled_from(["", " for 5m", " for 1h30m"]))
def test_a_rule_that_is_written_down_and_read_again_is_the_same(condition, hold):
    """No parenthesis is lost, and none is needed twice."""
    text = written(condition)
    try:
        rule = parse_rule(text + hold, "it")
    except RuleError as error:
        refused = ("deep", "at most", "between 0 and 1", "is the same for ever", "with itself", "series first")
        assume(not any(why in str(error) for why in refused))
        raise
    assert rule.condition == condition
    assert rule.when == text + hold


@settings(deadline=None, max_examples=200)
@given(st.text(max_size=60) | st.lists(st.sampled_from(["live", ">", "2GiB", "(", ")", "and", "not", "growth", ",", "30s", "-", "%", "for", "1/s", "/min", "over", "e", "."]), max_size=20).map(" ".join))  # fmt: skip
def test_no_text_breaks_the_reader(text):
    """A rule, or a RuleError whose caret stands within the text or right behind it."""
    try:
        parse_rule(text, "it")
    except RuleError as error:
        column = error.column
        str(error)
    else:
        column = None
    assert column is None or 1 <= column <= len(text) + 1


@settings(deadline=None, max_examples=100)
@given(st.text(max_size=100))
def test_no_file_breaks_the_reader_and_a_summary_is_the_same_when_read_again(text):
    """Whatever is in it."""
    for read in (load_rules, lambda it: load_rules(f"[[rule]]\nname = 'a'\nwhen = '''{it}'''")):
        try:
            read(text)
        except RuleError as error:
            str(error)
    try:
        pieces = parse_summary(text)
    except RuleError:
        return
    again = parse_summary(written_summary(pieces))
    assert "".join(str(piece) for piece in again) == "".join(str(piece) for piece in pieces)


STEPS = st.lists(st.tuples(st.floats(0, 40).map(lambda s: round(s, 3)), st.integers(0, 5000)), min_size=1, max_size=200)
WINDOW_S = st.sampled_from([1.0, 30.0, 300.0])


def history(steps):
    """Times and values, times rising."""
    now, points = 0.0, []
    for step, value in steps:
        now += step
        points.append((now, float(value)))
    return points


def within(points, now, window_s):
    """What a window may hold: at least all since a bucket after its beginning, at most all since its beginning."""
    width = window_s / BUCKETS
    least = [point for point in points if point[0] > now - window_s + width + 1e-9]
    most = [point for point in points if point[0] >= now - window_s - 1e-9]
    return least, most


@settings(deadline=None, max_examples=60)
@given(STEPS, WINDOW_S)
def test_lowest_highest_and_mean_are_those_of_the_window(steps, window_s):
    """Equal to looking through the whole history, but for what lies within one bucket of the beginning."""
    window, points = Summary(window_s), history(steps)
    for at, (now, value) in enumerate(points):
        window.observe(now, value)
        least, most = within(points[:at], now, window_s)
        low, high, mean = window.low(now), window.high(now), window.mean(now)
        if low is None:
            assert least == []
            continue
        lows, highs = [value for _, value in least] or [low], [value for _, value in least] or [high]
        assert min(value for _, value in most) <= low <= min(lows)
        assert max(highs) <= high <= max(value for _, value in most)
        candidates = [
            points[begin:at] for begin in range(len(points[:at]) + 1) if least == points[at - len(least) : at]
        ]
        means = [
            sum(v for _, v in held) / len(held) for held in candidates if held and len(least) <= len(held) <= len(most)
        ]
        assert any(math.isclose(mean, each, rel_tol=1e-9, abs_tol=1e-9) for each in means)


@settings(deadline=None, max_examples=60)
@given(STEPS, WINDOW_S)
def test_a_slope_is_that_of_least_squares_over_the_window(steps, window_s):
    """Of one of the histories that differ by what lies within one bucket of the beginning."""
    window, points = Summary(window_s), history(steps)
    for at, (now, value) in enumerate(points, 1):
        window.observe(now, value)
        slope = window.slope(now)
        if slope is None:
            continue
        least, most = within(points[:at], now, window_s)
        slopes = [naive_slope(points[at - n : at]) for n in range(max(3, len(least)), len(most) + 1)]
        assert any(each is not None and math.isclose(slope, each, rel_tol=1e-6, abs_tol=1e-6) for each in slopes)


def naive_slope(points):
    n = len(points)
    time, mean = sum(t for t, _ in points) / n, sum(x for _, x in points) / n
    below = sum((t - time) ** 2 for t, _ in points)
    return sum((t - time) * (x - mean) for t, x in points) / below if below else None


@settings(deadline=None, max_examples=60)
@given(STEPS, WINDOW_S)
def test_growth_is_the_change_since_the_beginning_of_the_window(steps, window_s):
    """Equal to drawing a line between the points on either side of it, at some time within one bucket."""
    window, points = Trail(window_s), history(steps)
    for at, (now, value) in enumerate(points, 1):
        window.observe(now, value)
        begin = now - window_s
        near = [value_at(points[:at], begin + share * window_s / BUCKETS) for share in (0, 1)]
        near += [x for t, x in points[:at] if begin - 1e-9 <= t <= begin + window_s / BUCKETS + 1e-9]
        tolerance = 1e-6
        assert min(near) - tolerance <= value - window.growth(now) <= max(near) + tolerance


def value_at(points, time_s):
    """The value at a time, by the line between the points around it."""
    for (t0, x0), (t1, x1) in pairwise(points):
        if t0 <= time_s < t1:
            return x0 + (x1 - x0) * (time_s - t0) / (t1 - t0)
    return points[0][1] if time_s < points[0][0] else points[-1][1]


@settings(deadline=None, max_examples=60)
@given(STEPS, WINDOW_S)
def test_a_counter_has_grown_by_what_came_within_the_window(steps, window_s):
    """Between what came within all of it and within all but one bucket of it."""
    window, points = Tally(window_s), history(steps)
    total, came = 0.0, []
    for now, value in points:
        came.append((now, value))
        total += value
        window.observe(now, total) if len(came) > 1 else (window.observe(now, 0.0), window.observe(now, total))
        least, most = within(came, now, window_s)
        assert sum(v for _, v in least) <= window.increase(now) <= sum(v for _, v in most)
        seen_s = max(10.0, now - points[0][0])
        assert window.rate(now) == pytest.approx(window.increase(now) / min(window_s, seen_s))


@settings(deadline=None, max_examples=60)
@given(STEPS, WINDOW_S, st.sampled_from([0.0, 0.5, 0.9, 0.99, 1.0]), st.sampled_from([1.0, -1.0, 1e-3]))
def test_a_quantile_is_within_a_fortieth_of_the_exact_one(steps, window_s, share, scale):
    """Of one of the histories that differ by what lies within one bucket of the beginning."""
    window, points = Spread(window_s), [(t, scale * x) for t, x in history(steps)]
    for at, (now, value) in enumerate(points):
        window.observe(now, value)
        found = window.quantile(now, share)
        least, most = within(points[:at], now, window_s)
        if found is None:
            assert least == []
            continue
        exact = [nearest_rank(points[at - n : at], share) for n in range(max(1, len(least)), len(most) + 1)]
        assert any(math.isclose(found, each, rel_tol=0.025, abs_tol=1e-6) for each in exact)


def nearest_rank(points, share):
    ordered = sorted(x for _, x in points)
    return ordered[max(1, math.ceil(share * len(ordered) - 1e-9)) - 1]


EVERYTHING = [
    "growth(live, 30s) > 50MiB and collections(30s) < 2",
    "live > 2GiB and slope(live, 5m) > 10MB/min for 1m",
    "rate(errors, 1m) > 3 * rate(errors, 1h)",
    "live > 1.1 * max(live, 5m) or live < 0.9 * min(live, 5m)",
    "live > quantile(live, 5m, 90%) and live > avg(live, 1m)",
    "over(live > 2GiB, 5m) > 50% or since_start(live) > 3GiB",
    "gc_cpu > 1% and uptime > 10s and not missing > 0",
]


@settings(deadline=None, max_examples=25)
@given(STEPS, st.integers(0, 200))
def test_a_watch_that_is_saved_and_loaded_anywhere_says_the_same(steps, where):
    """Its state is plain data that survives JSON, and everything goes on exactly."""
    rules = [replace(parse_rule(text, f"r{at}"), cooldown_s=20.0) for at, text in enumerate(EVERYTHING)]
    plan, view = Plan(rules), PacerView()
    one, other = RuleWatch(plan, "payments", 4096.0), RuleWatch(plan, "payments", 4096.0)
    for at, (now, live) in enumerate(history(steps), 1):
        if at == where:
            other = RuleWatch.restore(plan, json.loads(json.dumps(one.state())))
        gc = cycle(at, int(live), now)
        derived, counts = view.observe(gc), Counts(at, int(live) // 100 * at, at // 50)
        assert one.observe(gc, derived, now, counts) == other.observe(gc, derived, now, counts)
        assert one.advance(now + 0.5) == other.advance(now + 0.5)
    assert one.state() == other.state()


def test_memory_does_not_grow_with_the_log():
    """Sixty-four buckets a window: after eight thousand collections as large as after four thousand."""
    told = Story(*[parse_rule(text, f"r{at}") for at, text in enumerate(EVERYTHING)])
    sizes = []
    for at in range(1, 8_001):
        told.at(0.7 * at, 100 + at * 7919 % 900)
        told.counts.errors += at % 3
        if at in {4_000, 8_000}:
            sizes.append(len(json.dumps(told.watch.state())))
    assert sizes[1] < 1.1 * sizes[0] < 100_000


def test_a_state_of_other_rules_is_used_as_far_as_it_fits():
    """Whoever edits the rules and starts again keeps what is still asked for."""
    plan = Plan([parse_rule("live > max(live, 1h)", "a"), parse_rule("live > 1MiB", "b")])
    watch = RuleWatch(plan, "payments")
    for at in range(1, 10):
        watch.observe(cycle(at, 10, float(at)), Derived(10, 0.1), float(at))
    changed = Plan([parse_rule("live > 2 * max(live, 1h)", "c"), parse_rule("live > 1MiB", "b")])
    again = RuleWatch.restore(changed, watch.state())
    signals = again.observe(cycle(10, 30, 10.0), Derived(30, 0.1), 10.0)
    assert [signal.kind for signal in signals] == ["rule:c"]


def test_units_of_products_and_quotients():
    """A share of something is something; like by like is a plain number."""
    units = {
        "live / limit": "", "0.9 * limit": "MiB", "gc_cpu * live": "MiB", "errors(5m) / lines(5m)": "",
        "live / goroutines": "MiB", "live / 1h": "MiB/s", "1 / interval": "1/s", "errors / uptime": "count/s",
        "alloc_rate * interval": "MiB", "pause / interval": "", "2 * gc_cpu": "share", "slope(gc_cpu, 5m)": "share/s",
    }  # fmt: skip
    assert {text: meaning_of_value(part_of(f"{text} > 0")).sign for text in units} == units


def test_a_rule_without_a_summary_tells_the_values_that_it_compares():
    """At most two of them: `slow: pause > 10ms (pause is 12.5 ms)`."""
    rule = parse_rule("live > 2GiB and slope(live, 5m) > 1MB/min and not forced > 0", "it")
    told = "{rule}: {when} (live is {live}, slope(live, 5m) is {slope(live, 5m)})"
    assert written_summary(rule.summary) == told
    assert written_summary(parse_summary(told)) == told
