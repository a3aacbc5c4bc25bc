"""Findings on standard output: a line each for people or for programs, or none where only the end is asked for."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from gctail.palette import Palette
from gctail.records import Finding
from gctail.sinks.folding import folded
from gctail.sinks.jsonl import finding_json
from gctail.sinks.out import Out, complain
from gctail.sinks.text import finding_line


class Console:
    """Says findings as `output` asks: "text" and "jsonl" a line each, "json" nothing until the report.

    With `at_once` every line can be read as soon as it is written. With `waits` lines wait for room on a full disk.
    A pipe that nobody reads any more raises OSError, and so does a full disk without `waits`: then the program has
    nobody left to speak to.
    """

    name = "console"

    def __init__(self, output: str, palette: Palette, *, at_once: bool = True, waits: bool = True) -> None:
        self.output, self.palette, self.at_once = output, palette, at_once
        self.silent = False  # while the terminal belongs to the live view
        self._out = _standard_output() if waits else None

    def take(self, findings: Sequence[Finding]) -> None:
        """Say them."""
        for finding in findings:
            if self.output == "jsonl":
                self.say(finding_json(finding).decode())
            elif self.output == "text" and finding.is_news:
                self.say(finding_line(finding, self.palette))

    def say(self, text: str) -> None:
        """Any text, and a newline; for people at a terminal folded to its width."""
        if self.silent:
            return
        columns = self.columns() if self.output == "text" else None
        line = (text if columns is None else folded(text, columns)) + "\n"
        if self._out is not None:
            self.put(line.encode(sys.stdout.encoding, sys.stdout.errors or "strict"))
            return
        sys.stdout.write(line)
        if self.at_once:
            sys.stdout.flush()

    def put(self, text: bytes) -> None:
        """Bytes as they are, in their place between what is said."""
        sys.stdout.flush()
        if self._out is not None:
            self._out.write(text)
        else:
            sys.stdout.buffer.write(text)
            sys.stdout.buffer.flush()

    def columns(self) -> int | None:
        """How wide the terminal is now; None where standard output is none."""
        try:
            return os.get_terminal_size(sys.stdout.fileno()).columns
        except (OSError, ValueError):  # no terminal; no file at all
            return None

    def settled(self, within_s: float) -> bool:  # noqa: ARG002 - a sink is told how long it may take
        """Written is told."""
        sys.stdout.flush()
        return self._out is None or self._out.push()

    def close(self) -> None:
        """Nothing is left in a buffer."""
        sys.stdout.flush()
        if self._out is not None:
            self._out.close()


def _standard_output() -> Out | None:
    """Standard output as a file; None where it is none."""
    try:
        return Out(sys.stdout.fileno(), "standard output", complain)
    except (OSError, ValueError, AttributeError):
        return None
