"""Live views beside a reading: the board is kept up to date, a browser and the terminal may look at it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from gctail.board import Board
from gctail.engine import Engine
from gctail.errors import UsageError
from gctail.runners.around import lines_around

if TYPE_CHECKING:
    from gctail.web.guard import Access
    from gctail.web.server import Address, Server

PUBLISH_EVERY_S = 0.5
MOST_SHARE = 0.1
"""Of the reader's time that may go into publishing: with very many services it is done more rarely."""
MOST_RARELY_S = 15.0
"""But not so rarely that it would seem to hang."""
WITHOUT_INPUT_S = 0.25


class Views:
    """A board, and those who look at it. `facts` tells what was read so far; whoever knows more puts itself there."""

    def __init__(self, engine: Engine, facts: Callable[[], dict[str, Any]]) -> None:
        self.board = Board(engine)
        self.facts = facts
        self._due_s = 0.0
        self._server: Server | None = None
        self._over = threading.Event()

    def serve(self, address: Address, access: Access) -> str:
        """Answer browsers from now on; returns the URL. Raises UsageError where that cannot be."""
        from gctail.web.server import Server as WebServer

        self._server = WebServer(self.board, address, access, lines_around)
        self.tick()
        self._server.start()
        return self._server.address.url

    def tick(self, *, at_once: bool = False) -> None:
        """Publish what is new, if it is time."""
        now_s = time.monotonic()
        if at_once or now_s >= self._due_s:
            self.board.publish(time.time(), self.facts())
            took_s = time.monotonic() - now_s
            self._due_s = now_s + max(PUBLISH_EVERY_S, min(took_s / MOST_SHARE, MOST_RARELY_S))

    def stay(self, until: Callable[[], bool] = lambda: False) -> None:
        """Nothing more will come, but people still look: publish what they ask for, until they have gone."""
        while not self._over.is_set() and not until():
            self.tick(at_once=True)
            self._over.wait(WITHOUT_INPUT_S)

    def terminal(
        self,
        read: Callable[[], None],
        stop: Callable[[], None],
        patience_s: float = 5.0,
        *,
        reload: Callable[[], None] = lambda: None,
        alone: Callable[[], None] = lambda: None,
    ) -> None:
        """Show the terminal view while `read` reads in a thread of its own; `stop` ends it when the user has gone.

        It gets `patience_s` to end what it has begun. What goes wrong in it is raised here, when the terminal is whole
        again. What signals mean, and when there is a `reload`, or all is closed by `alone`: see terminal.Behind.
        """
        try:
            from gctail.tui.app import LiveView
        except ImportError as error:
            raise UsageError("--tui needs more packages: pip install 'gctail[tui]'") from error
        from gctail.runners.terminal import Behind

        view = LiveView(self.board, around=lines_around)

        def leave() -> None:
            if threading.current_thread() is threading.main_thread():
                view.exit()
            else:
                view.call_from_thread(view.exit)

        def reading() -> None:
            read()
            self.stay(lambda: behind.gone)

        behind = Behind(reading, stop, leave, patience_s, reload=reload, alone=alone)
        self.tick(at_once=True)
        behind.run(view.run, self._over.set)

    def close(self) -> None:
        """Nobody looks any more."""
        self._over.set()
        if self._server is not None:
            self._server.stop()
