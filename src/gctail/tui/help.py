"""What the keys do, in a box over the view."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

HELP = """\
[b]gctail[/b]: what your Go services do with their memory

[b]up down pgup pgdn home end[/b]  move          [b]tab[/b]  next pane
[b]/[/b]  filter services     [b]esc[/b]  no filter
[b]s[/b]  sort by: worst, service, live, …; or click on a heading
[b]n N[/b]  next, previous finding: the chart and the log go there
[b]r[/b]  time range of the chart: all, 1m, 5m, 15m, 1h, 6h, 1d
[b]l[/b]  log or findings below     [b]z[/b]  the pane in focus alone, and back
[b]p[/b]  pause: reading goes on, the screen stands still
[b]t[/b]  light or dark     [b]?[/b]  this help     [b]q[/b]  quit

live heap, goal and limit have their colours above the chart; the fan at its end is the forecast.
Lines that suspects of a leak wrote are marked with [b]>[/b]."""


class Help(ModalScreen[None]):
    """Goes away with any of these keys, or with a click."""

    BINDINGS: ClassVar[list[BindingType]] = [("escape,q,question_mark,enter", "dismiss", "close")]

    def compose(self) -> ComposeResult:
        """A box in the middle."""
        with VerticalScroll(id="help"):
            yield Static(HELP)

    def on_click(self) -> None:
        """It was read."""
        self.dismiss()
