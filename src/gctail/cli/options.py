"""What the commands share: the table of them, how a parser is made, and the options that mean the same everywhere."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Sequence
from typing import Any, NoReturn

from gctail.cli.colours import colour_option
from gctail.cli.configuring import configurable, configured
from gctail.cli.following import following
from gctail.cli.viewing import viewing
from gctail.cli.wrapping import wrapping
from gctail.config.near import did_you_mean
from gctail.errors import UsageError
from gctail.records import SEVERITIES

Group = argparse.ArgumentParser | argparse._ArgumentGroup  # noqa: SLF001 - it has no public name

COMMANDS = {
    "records": "every runtime record of a log, one JSON object a line",
    "postmortem": "what killed it, since when, who is suspected, what to do",
    "run": "starts a service and watches it: gctail run -- ./service",
    "kafka": "logs from Kafka, alone or as one of a group of consumers",
    "scale": "the same in as many processes as it takes: gctail scale run",
    "alert": "sends a test to the alert sinks: gctail alert test",
    "check": "the configuration in force, and where each value came from",
    "explain": "what a line of the runtime, or a kind of finding, means",
    "demo": "the log of a real service that leaks, played at speed",
    "diff": "two runs compared: heap, allocation, collector, pauses",
    "gate": "fails a soak test that leaks, for CI",
    "tune": "what other GOGC and GOMEMLIMIT would have done to a run",
    "completion": "completes words in your shell: gctail completion bash",
    "scan": "maps, slices and caches of Go source that only grow",
}
"""Every command but reading itself: its module in `gctail.cli`, with `parser` and `run`; what it does, in a line."""

DESCRIPTION = """\
Finds out, from logs alone, why a Go service runs out of memory,
and says so before it does.

  gctail service.log        read a log to its end, say what is wrong
  gctail -f service.log     follow it, one line per finding

The service must run with GODEBUG=gctrace=1. FILE may be compressed
(.gz, .zst, .xz, .bz2), and - is standard input."""

EPILOG = (
    "Exit status: 0; 1 when something at or above --fail-on was found; 2 when the input or the call cannot be used."
)


def parsed(arguments: Sequence[str]) -> argparse.Namespace:
    """The options of one call; leaves with status 2 and a sentence where they make no sense.

    `options.run` is the command: it takes these options and returns the exit status.
    """
    from importlib import import_module

    if not arguments or arguments[0] not in COMMANDS:
        _refuse_misspelt(arguments[:1])
        reading = configured(reading_parser, "", _joined(list(arguments)))
        reading.run = import_module("gctail.cli.read").run
        return reading
    command = import_module(f"gctail.cli.{arguments[0]}")
    options = configured(command.parser, arguments[0], _joined(list(arguments[1:])))
    options.run = command.run
    return options


def _refuse_misspelt(first: Sequence[str]) -> None:
    """Raise UsageError where the first word looks like a command and is no file."""
    for word in first:
        if word.isalpha() and not os.path.lexists(word) and (near := did_you_mean(word, COMMANDS)):
            raise UsageError(f"{word}: there is no such command and no such file{near}")


def _joined(arguments: list[str]) -> list[str]:
    """`--since -3h` as `--since=-3h`: a span before the end looks like an option otherwise."""
    joined: list[str] = []
    for argument in arguments:
        if joined and joined[-1] in {"--since", "--until", "--start"}:
            joined[-1] += f"={argument}"
        else:
            joined.append(argument)
    return joined


WORDS = (
    (re.compile(r"^argument "), ""),
    (re.compile(r"expected (?:one|at least one) argument"), "a value is missing"),
    (re.compile(r"invalid choice: ('.*?') \(choose from (.*)\)"), r"\1 is none of \2"),
    (re.compile(r"invalid int value: "), "no whole number: "),
    (re.compile(r"invalid float value: "), "no number: "),
    (re.compile(r"the following arguments are required: (.*)"), r"\1: missing"),
)
"""What argparse says of a wrong call, and how we say it."""


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one sentence, not every option there is; files may stand before and after options."""

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:  # noqa: ANN401 - as argparse has it
        """`LOG --limit 1GiB KERNEL.log` too, but where all that follows belongs to another program."""
        self.usage = self.usage or self._briefly()
        if any(action.nargs == argparse.REMAINDER for action in self._actions):
            return super().parse_args(args, namespace)
        for word in args or ():
            if word == "--":
                break
            if word.startswith("--") and word.partition("=")[0] not in self._option_string_actions:
                self.error(f"unrecognized arguments: {word}")  # rather than that no file is named
        return self.parse_intermixed_args(args, namespace)

    def _briefly(self) -> str:
        """How it is called, with what has to be given: all other options are told below what it does."""
        words = [self.prog, "[options]"]
        for each in self._actions:
            value = each.metavar or each.dest
            if each.required:
                words += [*each.option_strings[:1], f"{value}{' …' if each.nargs in {'+', '*'} else ''}"]
        return " ".join(words)

    def error(self, message: str) -> NoReturn:
        """Leave with status 2."""
        unknown = message.removeprefix("unrecognized arguments: ")
        if unknown != message:
            given = unknown.split()[0].partition("=")[0]
            known = [text for action in self._actions for text in action.option_strings]
            message = f"there is no option {given}{did_you_mean(given, known)}"
        for theirs, ours in WORDS:
            message = theirs.sub(ours, message)
        from gctail.parsing.text import show_lines

        self.exit(2, f"{self.prog}: {show_lines(message)} (see {self.prog} --help)\n")


def new_parser(name: str, description: str) -> argparse.ArgumentParser:
    """A parser as all commands have it."""
    return Parser(
        prog=name,
        description=description,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )


def choosing(parser: argparse.ArgumentParser) -> None:
    """The options that say what of the input is meant, alike in all commands that read logs."""
    parser.add_argument("--service", metavar="NAME", help="only this service; also the name of a log that gives none")
    parser.add_argument(
        "--since", metavar="TIME", help="from this time: 2026-11-23T03:12:00Z, 03:12, or -3h before the end"
    )
    parser.add_argument("--until", metavar="TIME", help="up to this time")
    wrapping(parser)
    configurable(parser)


def telling(group: Group, outputs: Sequence[str] = ("text", "jsonl", "json")) -> None:
    """The options that say how findings are told, alike in all commands that watch."""
    add = group.add_argument
    add("--output", choices=outputs, default="text", help="how to say it (text)")
    add(
        "--fail-on",
        choices=(*SEVERITIES, "never"),
        default="never",
        metavar="SEVERITY",
        help="exit with 1 when a finding is at least this severe: info, warning, critical (never)",
    )
    told = "tell nothing at these times (UTC), such as 22:00-06:00 or 'sat,sun 00:00-24:00'; the report has it all"
    add("--silence", metavar="WINDOW", action="append", default=[], help=told)
    colour_option(group)


def judging(group: Group) -> None:
    """The options that say what services are held against, alike in all commands that watch."""
    add = group.add_argument
    add("--limit", metavar="SIZE", help="the memory limit of each container, such as 512MiB or 2GiB")
    told = "watch for the rules of this file too (docs/rules.md; default: the ones that gctail brings)"
    add("--rules", metavar="FILE", help=told)
    told = "switch on a rule of that file; may be repeated"
    add("--enable", metavar="RULE", action="append", default=[], help=told)


def mining(group: Group) -> None:
    """How closely the application's text is read, where all of it comes by."""
    told = "how much of what a service writes is read closely for suspects beyond its first 8 MiB (10); 0 finds none"
    group.add_argument("--mining", metavar="PERCENT", type=float, default=10.0, help=told)


def reading_parser() -> argparse.ArgumentParser:
    """The options of reading and following."""
    from gctail import __version__

    width = max(map(len, COMMANDS))
    others = "\n".join(f"  gctail {name.ljust(width)}  {does}" for name, does in COMMANDS.items())
    parser = new_parser("gctail", f"{DESCRIPTION}\n\nOther commands (each has its own --help):\n{others}")
    parser.add_argument("files", nargs="+", metavar="FILE", help="a log, or - for standard input")
    parser.add_argument("-f", "--follow", action="store_true", help="go on reading as the files grow and are rotated")
    parser.add_argument("-v", "--verbose", action="store_true", help="a line for every collection as well")
    parser.add_argument(
        "--pass-through",
        action="store_true",
        help="the application's lines too, without what the runtime wrote into them",
    )
    telling(parser)
    judging(parser)
    mining(parser)
    parser.add_argument(
        "--false-alarms",
        metavar="PER_DAY",
        type=float,
        help="false alarms a day that you bear over all services together (one in 30 days of each service)",
    )
    told = "the program's Go source: which call logs a suspect's line, and which maps it only fills (gctail[source])"
    parser.add_argument("--source", metavar="DIR", help=told)
    choosing(parser)
    following(parser)
    viewing(parser)
    parser.add_argument("--version", action="version", version=f"gctail {__version__}")
    return parser
