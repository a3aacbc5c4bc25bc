"""A reading behind the live view at the terminal: its thread, and what signals mean to both."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import NoReturn

ALONE_S = 30
"""What a reading may take longer to end whose terminal is gone."""


class Behind:
    """Runs `read` in a thread of its own while `view` fills the terminal; `stop` ends it, `leave` closes the view.

    SIGTERM and SIGINT leave the view as its user does. SIGHUP at a terminal that is there asks for a `reload`; where
    the terminal is gone the reading ends what it has begun, `alone` closes what is open, and the process ends with
    that: the view would wait for its terminal, and nobody reads a verdict.
    """

    def __init__(  # noqa: PLR0913  (what is to happen, and when)
        self,
        read: Callable[[], None],
        stop: Callable[[], None],
        leave: Callable[[], None],
        patience_s: float,
        *,
        reload: Callable[[], None],
        alone: Callable[[], None],
    ) -> None:
        self._read, self._stop, self._leave = read, stop, leave
        self._patience_s, self._reload, self._alone = patience_s, reload, alone
        self._gone = threading.Event()
        self._wrong: list[Exception] = []

    @property
    def gone(self) -> bool:
        """The terminal is."""
        return self._gone.is_set()

    def run(self, view: Callable[[], object], over: Callable[[], None]) -> None:
        """Until the view is closed, and the reading has ended what it had begun, or its patience is over.

        `over` tells the reading that nobody looks any more. Raises what went wrong in it.
        """
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._leaves())
        signal.signal(signal.SIGHUP, lambda *_: self._hung_up())
        thread = threading.Thread(target=self._reading, name="gctail-reading", daemon=True)
        thread.start()
        view()
        self._stop()
        over()
        thread.join(None if self.gone else self._patience_s)
        if self._wrong:
            raise self._wrong[0]

    def _reading(self) -> None:
        try:
            self._read()
        except Exception as error:  # noqa: BLE001  (raised again in `run`, where somebody sees it)
            self._wrong.append(error)
            self._leave()
        if self.gone:
            self._alone()
            end_at_once(2 if self._wrong else 0)

    def _leaves(self) -> None:
        self._stop()
        self._leave()

    def _hung_up(self) -> None:
        if sys.stdin.isatty():
            self._reload()
            return
        self._gone.set()
        self._stop()
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(int(self._patience_s) + ALONE_S)


def end_at_once(status: int) -> NoReturn:
    """End the process. All is saved and told; to give ten thousand services back one by one takes over a second."""
    with suppress(OSError):  # where the terminal has gone
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(status)
