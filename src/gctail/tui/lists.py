"""A list of any length of which only the visible part is drawn: services, findings, log lines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Generic, TypeVar

from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual import events
from textual.binding import BindingType
from textual.color import Color
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

T = TypeVar("T")


class VirtualList(ScrollView, Generic[T], can_focus=True):
    """Rows, a cursor, and a function that draws a row at a width.

    The cursor stays on its row, known by `key`, when the rows change. Where `follows` is set it stays at the end while
    it is there; where `leads` is set it stays on the first row, whatever that is, until somebody moves it. `empty` is
    said where there are no rows.
    """

    DEFAULT_CSS = "VirtualList { overflow-x: hidden; scrollbar-size-vertical: 1; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        ("up,k", "move(-1)"), ("down,j", "move(1)"), ("pageup", "page(-1)"), ("pagedown", "page(1)"),
        ("home", "move(-1000000000)"), ("end", "move(1000000000)"), ("enter", "choose"),
    ]  # fmt: skip

    cursor: reactive[int] = reactive(0)

    class Moved(Message):
        """The cursor stands on another row."""

        def __init__(self, of: VirtualList[Any]) -> None:
            super().__init__()
            self.of = of

        @property
        def control(self) -> VirtualList[Any]:
            """The list."""
            return self.of

    class Chosen(Moved):
        """Enter was pressed on a row, or it was clicked twice."""

    def __init__(
        self,
        draw: Callable[[T, int], Text],
        key: Callable[[T], object],
        *,
        follows: bool = False,
        leads: bool = False,
        empty: str = "",
        **more: Any,  # noqa: ANN401
    ) -> None:
        super().__init__(**more)
        self._draw, self._key, self._follows, self._empty = draw, key, follows, empty
        self.leading = self._leads = leads
        self.rows: Sequence[T] = ()

    def show(self, rows: Sequence[T]) -> None:
        """Other rows, or the same ones changed."""
        at_end = self._follows and self.cursor >= len(self.rows) - 1
        before = self._key(self.rows[self.cursor]) if self.cursor < len(self.rows) else None
        self.rows = rows
        self.virtual_size = Size(max(1, self.size.width), len(rows))
        if self.leading:
            place = 0
        elif at_end:
            place = len(rows) - 1
        elif before is not None and not (self.cursor < len(rows) and self._key(rows[self.cursor]) == before):
            place = next((at for at, row in enumerate(rows) if self._key(row) == before), self.cursor)
        else:
            place = self.cursor
        self.cursor = max(0, min(place, len(rows) - 1))
        self.refresh()

    def lead(self) -> None:
        """Back to the first row, if this list leads."""
        self.leading = self._leads

    @property
    def current(self) -> T | None:
        """The row under the cursor."""
        return self.rows[self.cursor] if self.cursor < len(self.rows) else None

    def go_to(self, key: object) -> bool:
        """Put the cursor on the row with this key, if it is there."""
        for at, row in enumerate(self.rows):
            if self._key(row) == key:
                self.cursor, self.leading = at, False
                return True
        return False

    def watch_cursor(self, before: int, now: int) -> None:
        """Keep it in sight, and say that it moved."""
        self._keep_in_sight(now)
        if before != now:
            self.post_message(self.Moved(self))

    def _keep_in_sight(self, now: int) -> None:
        height = max(1, self.size.height)
        if now < self.scroll_offset.y:
            self.scroll_to(y=now, animate=False, force=True)
        elif now >= self.scroll_offset.y + height:
            self.scroll_to(y=now - height + 1, animate=False, force=True)
        self.refresh()

    def action_move(self, by: int) -> None:
        """Up or down."""
        self.leading = False
        self.cursor = max(0, min(self.cursor + by, len(self.rows) - 1))

    def action_page(self, by: int) -> None:
        """A screenful up or down."""
        self.action_move(by * max(1, self.size.height - 1))

    def action_choose(self) -> None:
        """The row under the cursor is meant."""
        if self.current is not None:
            self.post_message(self.Chosen(self))

    def on_click(self, event: events.Click) -> None:
        """A row is clicked."""
        place = event.y + int(self.scroll_offset.y)
        if 0 <= place < len(self.rows):
            self.cursor, self.leading = place, False
            if event.chain > 1:
                self.action_choose()

    def on_resize(self, _event: events.Resize) -> None:
        """Rows are as wide as the list."""
        self.virtual_size = Size(max(1, self.size.width), len(self.rows))
        self._keep_in_sight(self.cursor)

    def render_line(self, y: int) -> Strip:
        """One visible row."""
        width = self.size.width
        place = y + int(self.scroll_offset.y)
        base = self.rich_style
        if place >= len(self.rows) and (place or self.rows or not self._empty):
            return Strip.blank(width, base)
        text = self._draw(self.rows[place], width) if self.rows else Text(f"  {self._empty}", style="dim")
        strip = Strip(list(text.render(self.app.console))).apply_style(base).adjust_cell_length(width, base)
        if place != self.cursor or not self.rows:
            return strip
        ground = Style(bgcolor=_ground(self.app.theme_variables, strong=self.has_focus))
        return Strip([Segment(each.text, (each.style or base) + ground) for each in strip])


def _ground(colours: dict[str, str], *, strong: bool) -> str:
    """What lies behind the row under the cursor: plainly so in the pane that has the keys, else just to be seen."""
    here = Color.parse(colours["background"]).blend(Color.parse(colours["primary"]), 0.3 if strong else 0.1)
    return here.hex
