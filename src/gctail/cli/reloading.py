"""SIGHUP: the configuration is read again while logs are followed; position, models and waiting alerts stay."""

from __future__ import annotations

import argparse
import signal
from collections.abc import Callable, Sequence

from gctail.errors import GctailError
from gctail.sinks.out import complain

Change = Callable[[argparse.Namespace], None]


class Reloading:
    """Remembers that a reload was asked for, and does it between two events, when the reader says so."""

    def __init__(
        self, options: argparse.Namespace, changes: Sequence[Change], say: Callable[[str], None] | None = None
    ) -> None:
        """`changes` put the new options into force, one part of the program each; they raise before they change.

        What came of it is said on standard error, where no `say` is given.
        """
        self.options = options
        self._say = say or complain
        self._changes = changes
        self._asked = False

    def listen(self) -> None:
        """Take SIGHUP for the wish to reload."""
        signal.signal(signal.SIGHUP, lambda *_: self.ask())

    def ask(self) -> None:
        """Somebody wants the configuration to be read again; safe in a signal handler."""
        self._asked = True

    def due(self) -> None:
        """Do it, where it was asked for. A configuration that is wrong changes nothing, and is told."""
        if not self._asked:
            return
        self._asked = False
        try:
            options = self.options.reread()
            for change in self._changes:
                change(options)
        except GctailError as error:
            self._say(f"not reloaded, all stays as it was: {error}")
            return
        self.options = options
        self._say("the configuration was read again")
