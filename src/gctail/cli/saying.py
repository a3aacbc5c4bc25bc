"""Sentences for who watches: on standard error, where no program reads findings."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable

from gctail.parsing.text import show

MOST_UNSAID = 20
"""Sentences that are kept while a view fills the terminal, the newest."""


def say(sentence: str) -> None:
    """One sentence, of which a part may come from elsewhere: it is shown as text, and not without end."""
    print(f"gctail: {show(sentence, 500)}", file=sys.stderr, flush=True)


class Aside:
    """Says sentences through `say`; while `waits`, because the view at the terminal is in their way, it keeps them."""

    def __init__(self, say: Callable[[str], None], *, waits: bool = False) -> None:
        self.waits = waits
        self._say = say
        self._kept: deque[str] = deque(maxlen=MOST_UNSAID)

    def say(self, sentence: str) -> None:
        """One sentence, now or when the view is closed."""
        if self.waits:
            self._kept.append(sentence)
        else:
            self._say(sentence)

    def rest(self) -> None:
        """The view is closed: say what was kept."""
        self.waits = False
        while self._kept:
            self._say(self._kept.popleft())
