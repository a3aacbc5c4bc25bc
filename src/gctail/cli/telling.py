"""Tells what comes of reading, for every command that reads logs: findings, collections, the report at the end."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from gctail.cli.colours import palette_of
from gctail.errors import UsageError
from gctail.records import SEVERITIES, Finding
from gctail.runners.outputs import Outputs
from gctail.service import Seen
from gctail.sinks import Sink
from gctail.sinks.console import Console
from gctail.sinks.jsonl import report_json
from gctail.sinks.silence import Silence, parse_silence
from gctail.sinks.text import cycle_line, report_text

MANY = 100
"""So many services have a verdict each when gctail is stopped; of ten thousand it would take seconds."""


class Teller:
    """What a command says, in the form that its options ask for; `outputs` are the console and all other sinks."""

    def __init__(
        self,
        options: argparse.Namespace,
        limit_mib: float | None,
        *,
        others: Sequence[Sink] = (),
        live: bool,
    ) -> None:
        """`live` input is told at once, line by line, and waits for a disk that is full.

        `others` are the sinks beside the console.
        """
        self.palette = palette_of(options)
        self.verbose: bool = options.verbose
        self.live = live
        self.limit_mib = limit_mib
        self.interrupted = False
        at_once = live or self.verbose or options.output != "text"
        self.console = Console(options.output, self.palette, at_once=at_once, waits=live)
        self.outputs = Outputs([self.console, *others], self._wanted)
        self.reload(options)
        self._names: set[str] = set()

    def reload(self, options: argparse.Namespace) -> None:
        """Go on with other windows of silence and another severity to fail on."""
        self._silences = [_silence(text) for text in options.silence]
        self._fail_on = SEVERITIES.index(options.fail_on) if options.fail_on in SEVERITIES else len(SEVERITIES)

    def _wanted(self, finding: Finding) -> bool:
        return finding.time_s is None or not any(each.holds(finding.time_s) for each in self._silences)

    @property
    def failed(self) -> bool:
        """Something was told that is as bad as `--fail-on` or worse."""
        return self.outputs.worst >= self._fail_on

    def tell(self, seen: Iterable[Seen]) -> None:
        """Say what came of some input."""
        for each in seen:
            self.cycle(each)
            if each.findings:
                self.outputs.take(each.findings)

    def cycle(self, seen: Seen) -> None:
        """Say a collection, where every one is wanted."""
        if self.verbose and self.console.output == "text":
            columns = self.console.columns()
            line = cycle_line(seen, self.limit_mib, self.palette, named=self._several(seen), columns=columns)
            if line:
                self.console.say(line)

    def findings(self, findings: Sequence[Finding], *, aloud: bool = True) -> None:
        """Say what was found; not `aloud`: only here, and to none of the other sinks."""
        self.outputs.take(findings, only=None if aloud else self.console)

    def end(self, outcome: Callable[[], dict[str, Any]], *, services: int = 0) -> None:
        """Say the verdicts; of very many live services none, where nobody has asked for an object with all of them."""
        if self.console.output == "json":
            self.console.say(report_json(_placed(outcome())).decode())
        elif self.console.output == "text" and self.live and services > MANY:
            self.console.say(f"{services:,} services: no verdict on each; what was found was told as it came")
        elif self.console.output == "text":
            self.console.say(("\n" if self.verbose else "") + report_text(_placed(outcome()), self.palette))
        self.outputs.close()

    def _several(self, seen: Seen) -> bool:
        """More than one service was seen, so that a line must say whose it is."""
        if len(self._names) < 2:
            self._names.add(seen.sighting.service)
        return len(self._names) > 1


def _placed(outcome: dict[str, Any]) -> dict[str, Any]:
    """Say where the decisive line of each death begins: a report is known by where its first line stands."""
    from gctail.runners.places import Places, is_pipe

    places = Places()
    for death in (service["death"] for service in outcome["services"] if service["death"] is not None):
        if death["origin"] in outcome["input"].get("files", ()) and not is_pipe(death["origin"]):
            at = places.find(death["origin"], death["offset"], death["text"].split("\n", 1)[0])
            death["offset"] = death["offset"] if at is None else at
    return outcome


def _silence(text: str) -> Silence:
    try:
        return parse_silence(text)
    except ValueError as error:
        raise UsageError(f"--silence: {error}") from None
