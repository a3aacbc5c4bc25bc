"""The grammar of the gctrace line, in the order in which the runtime prints it.

`GCTRACE` is the line of every Go from 1.0 to 1.27, by its labels; `GCTRACE_AND_MORE` takes in labelled parts and
remarks between and behind them that no Go has printed so far, and keeps them as `rest`. Blanks and line breaks between
the words count for nothing: a terminal may have wrapped the line.

Source: `gcMarkTermination` in go/src/runtime/mgc.go (before 1.5: `gc` in mgc0.c). Importing pyparsing costs a tenth of
a second, so this file is imported when the first odd line comes, and never before.
"""

from __future__ import annotations

import re

from pyparsing import (
    DelimitedList,
    Empty,
    Group,
    Literal,
    Opt,
    ParserElement,
    Regex,
    StringEnd,
    Suppress,
    one_of,
    token_map,
)


def whole(name: str, words: str) -> ParserElement:
    """A whole number under the record's `name`; `words` say in a message what was expected."""
    return Regex(r"-?[0-9]{1,20}").set_name(words).add_parse_action(token_map(int))(name)


def times(name: str, words: str, least: int) -> ParserElement:
    """At least `least` times, summed up: `0.69+0/1.0/9.5+0.011`."""
    time = Regex(r"-?[0-9]{1,15}(?:\.[0-9]{1,9})?").set_name(words).add_parse_action(token_map(float))
    return Group(DelimitedList(time, delim=one_of("+ /").set_name("another time"), min=least))(name)


def label(words: str) -> ParserElement:
    """The fixed words of the line, whatever blanks are between them."""
    return Suppress(Regex(r"\s*".join(map(re.escape, words.split()))).set_name(f'"{words}"'))


COMMA = label(",")
END = StringEnd().set_name("the end of the line")
NUMBER = whole("number", "the cycle's number")
UPTIME = (
    Regex(r"[0-9]{1,12}\.[0-9]{1,9}")
    .set_name("the seconds since the start")
    .add_parse_action(token_map(float))("uptime_s")
)
CLOCK = times("clock_ms", "a time of the clock in ms", least=3) + label("ms clock") + COMMA
CPU = times("cpu_ms", "a CPU time in ms", least=5) + label("ms cpu") + COMMA
HEAP = (
    whole("start_mib", "the heap at the start in MB") + label("->")
    + whole("end_mib", "the heap at the end in MB") + label("->")
    + whole("marked_mib", "the marked heap in MB") + label("MB") + COMMA
)  # fmt: skip
GOAL = whole("goal_mib", "the goal in MB") + label("MB goal") - COMMA
STACKS = whole("stacks_mib", "the stacks in MB") + label("MB stacks") - COMMA  # since Go 1.18, like the globals
GLOBALS = whole("globals_mib", "the globals in MB") + label("MB globals") - COMMA
PROCS = whole("procs", "the number of Ps") + label("P")
LEAK_CHECK = Literal("(checking for goroutine leaks)")("leak_check")  # since Go 1.26
FORCED = Literal("(forced)")("forced")  # since Go 1.5


def modern(more: ParserElement, remark: ParserElement, last: ParserElement) -> ParserElement:
    """Go 1.5 and later, with `more` parts between those that we know, and a `remark` and `last` parts behind them."""
    return (
        label("gc") + Opt("#") + NUMBER + label("@") + UPTIME + label("s")
        + whole("gc_cpu_percent", "the CPU share in %") + label("%") + Opt(LEAK_CHECK) + remark + label(":")
        + more + CLOCK + more + CPU + more + HEAP + more + Opt(GOAL) + more + Opt(STACKS + more + GLOBALS) + more
        + PROCS + last + Opt(FORCED) + remark + last + END
    )  # fmt: skip


COUNT = whole("", "a count")
COUNTS = COUNT + label("/") + COUNT + label("/") + COUNT
CALLS = COUNT + label("(") + COUNT + label(")")
OBJECTS = (
    whole("objects", "the number of objects") + Opt(label("->") + whole("objects", "the number of objects left"))
    + label("(") + COUNT + label("-") + COUNT + label(")") + label("objects") + Opt(",")
)  # fmt: skip
GOROUTINES = whole("goroutines", "the number of goroutines") + label("goroutines") + COMMA  # only Go 1.4
SWEEPS = COUNTS + label("sweeps") + COMMA  # Go 1.3 and 1.4


def early(more: ParserElement, remark: ParserElement, last: ParserElement) -> ParserElement:
    """Go 1.0 to 1.4; 1.0 puts no comma behind its ms, and ends with a handoff that has no second number."""
    helpers = (
        CALLS + label("handoff") - COMMA + more + Opt(CALLS + label("steal") + COMMA) + more + COUNTS + label("yields")
    )
    return (
        label("gc") + NUMBER + label("(") + whole("procs", "the number of helpers") + label(")") + label(":")
        + times("clock", "a time", least=3) + one_of("ms us")("unit") + Opt(",")("comma") + more
        + whole("first_mib", "the first heap size in MB") + label("->")
        + whole("second_mib", "the second heap size in MB") + label("MB") + Opt(",") + more
        + OBJECTS + more + Opt(GOROUTINES) + more + Opt(SWEEPS) + more
        + (helpers | COUNT + label("handoff")) + last + remark + END
    )  # fmt: skip


def gctrace(more: ParserElement, remark: ParserElement, last: ParserElement) -> ParserElement:
    """A gctrace line of any Go, with room for what `more`, `remark` and `last` match."""
    line = modern(more, remark, last) | early(more, remark, last)
    return line.set_name("a gctrace line").parse_with_tabs()


# What a part that we do not know may not be called: a torn line must not pass for a new layout.
_KNOWN = (
    r"(?:ms\s*(?:clock|cpu|,)|us\b|MB\s*(?:goal|stacks|globals)?\s*(?:,|$)|P\s*(?:,|\(|$)"
    r"|(?:objects|goroutines|sweeps|handoff|steal|yields)\b)"
)
UNKNOWN = Regex(rf"-?[0-9][0-9.+/()>-]*\s*(?!{_KNOWN})[A-Za-z][\w ]*(?=\s*(?:,|\(|$))")("rest*")  # `3 MB weak`
REMARK = Regex(r"\((?!forced\))[^()]*\)")("rest*")  # `(fancy)`

GCTRACE = gctrace(more=Empty(), remark=Empty(), last=Empty())
GCTRACE_AND_MORE = gctrace(more=(UNKNOWN + COMMA)[...], remark=REMARK[...], last=(COMMA + UNKNOWN)[...])
