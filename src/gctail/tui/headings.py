"""What stands above the columns of the services; a click on one sorts by it."""

from __future__ import annotations

from typing import Any

from rich.text import Text
from textual import events
from textual.message import Message
from textual.widgets import Static

from gctail.tui.drawing import ROOMY


class Headings(Static):
    """The names of the columns that `draw_service` fills, the one that is sorted by underlined."""

    class Clicked(Message):
        """Somebody wants the services in this order, one of `ORDERS`."""

        def __init__(self, order: str) -> None:
            super().__init__()
            self.order = order

    def __init__(self, **more: Any) -> None:  # noqa: ANN401 - as Static has them
        super().__init__(**more)
        self._columns: list[tuple[str, str]] = []

    def show(self, width: int, order: str) -> None:
        """For a list of so many columns."""
        self._columns = columns(width)
        text = Text(no_wrap=True)
        for heading, each in self._columns:
            text.append(heading, style="underline" if each == order else "")
        self.update(text)

    def on_click(self, event: events.Click) -> None:
        """A column is clicked."""
        at = 0
        for heading, order in self._columns:
            at += len(heading)
            if event.x < at:
                self.post_message(self.Clicked(order))
                return


def columns(width: int) -> list[tuple[str, str]]:
    """The headings, each as wide as its column, and the order that it stands for."""
    roomy = width >= ROOMY
    name_width = max(10, width - (56 if roomy else 34))
    first = [("  service".ljust(name_width + 2), "service"), ("state".ljust(13), "worst"), ("  live ", "live")]
    if not roomy:
        return [*first, ("limit  ", "limit"), ("gone in", "end")]
    return [
        *first, ("  goal ", "goal"), ("limit ", "limit"), (" trend   ", "growth"), ("gone in", "end"),
        ("  gc", "gc_cpu"),
    ]  # fmt: skip
