"""`gctail explain`: what a line of the runtime, or a kind of finding, means."""

from __future__ import annotations

import argparse
import tomllib
from typing import Any

import msgspec

from gctail.amounts import pause
from gctail.cli.options import new_parser
from gctail.config.near import did_you_mean
from gctail.data import shipped
from gctail.errors import UsageError
from gctail.parsing.causes import CAUSES
from gctail.parsing.scanner import Scanner
from gctail.parsing.text import show
from gctail.records import Death, GcCycle, Record, Sighting, Unreadable

RULE = "rule:"
"""Before the name of a rule, in the kind of its findings."""


def parser() -> argparse.ArgumentParser:
    """The options of `gctail explain`."""
    parser = new_parser(
        "gctail explain", "Says in plain words what a line of the runtime, or a kind of finding, means."
    )
    parser.add_argument("what", nargs="+", metavar="LINE-or-KIND", help="a line from a log, or a kind such as leak")
    return parser


def run(options: argparse.Namespace) -> int:
    """Print the explanation. Raises `UsageError` where neither a kind nor a line of the runtime was given."""
    asked = " ".join(options.what)
    known: dict[str, Any] = tomllib.loads(shipped("explanations.toml").decode())
    name = "-".join(asked.lower().replace("_", " ").split())
    rule = name.removeprefix(RULE) if name.startswith(RULE) else None
    kind = known["kind"].get(name if rule is None else "rule")
    if kind is not None:
        print(f"{kind['title']}\n{kind['text']}{_shipped_rule(rule)}")
        return 0
    records = _records_in(asked)
    if not records:
        kinds = sorted(known["kind"])
        near = did_you_mean(name, kinds)
        message = f"explain: no line of the Go runtime and no kind of finding: {show(asked, 80)!r}{near}"
        raise UsageError(message if near else f"{message}. Kinds: {', '.join(kinds)}")
    print("\n\n".join(_explained(record, known) for record in records))
    return 0


def _shipped_rule(name: str | None) -> str:
    """What a rule that gctail brings asks for; nothing of a rule that is the user's own."""
    from gctail.rules import load_rules

    rules = load_rules(shipped("rules.toml").decode()) if name else ()
    return "".join(
        f"\n\n{rule.name} is one that gctail brings: --enable {rule.name}\n  when = {rule.when}"
        for rule in rules
        if rule.name == name
    )


def _records_in(text: str) -> list[Record]:
    scanner = Scanner("-", "-")
    scanner.feed(text.encode("utf-8", "surrogateescape") + b"\n")
    scanner.flush()
    return [event.record for event in scanner.take() if isinstance(event, Sighting)]


def _explained(record: Record, known: dict[str, Any]) -> str:
    kind = type(record).__struct_config__.tag
    lines = [known["line"][kind]]
    if isinstance(record, GcCycle):
        lines.append(_cycle_in_words(record))
    if isinstance(record, Unreadable):
        at = f", at column {record.column + 1}" if record.column is not None else ""
        lines.append(f"{record.reason}{at}")
    if isinstance(record, Death):
        lines.append(f"Cause: {CAUSES.get(record.cause, record.cause)}, told by: {record.source}")
    told: dict[str, Any] = msgspec.to_builtins(record)
    told.pop("type", None)
    if isinstance(record, GcCycle):
        told["heap_live_mib"], told["pause_ms"] = record.heap_live_mib, round(record.pause_ms, 3)
    meanings = known["gc"] if isinstance(record, GcCycle) else {}
    for name, value in told.items():
        if value not in (None, (), [], {}, ""):
            meaning = f"   {meanings[name]}" if name in meanings else ""
            lines.append(f"  {name:<16} {show(_value(value), 200):<24}{meaning}".rstrip())
    return "\n".join(lines)


def _cycle_in_words(cycle: GcCycle) -> str:
    goal = f" (its goal was {cycle.goal_mib} MiB)" if cycle.goal_mib is not None else ""
    start = f"At {cycle.uptime_s:.3f} s the" if cycle.uptime_s is not None else "The"
    return (
        f"{start} heap held {cycle.heap_start_mib} MiB{goal}; {cycle.heap_live_mib} MiB of it were still in use. "
        f"The program stood still for {pause(cycle.pause_ms)}."
    )


def _value(value: Any) -> str:  # noqa: ANN401  (any field of any record)
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, list | tuple):
        return ", ".join(_value(each) for each in value[:16]) + (" …" if len(value) > 16 else "")
    return str(value)
