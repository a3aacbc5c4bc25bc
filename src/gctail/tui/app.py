"""The terminal view: keys, panes, and the snapshot that they show."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import ClassVar

from rich.text import Text
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Footer, Input, Static

from gctail.board import Board
from gctail.parsing.text import show
from gctail.records import Finding
from gctail.snapshot import ORDERS, Detail, Line, Row, in_order
from gctail.tui.chart import RANGES, HeapChart
from gctail.tui.drawing import draw_finding, draw_line, draw_said, draw_service, header
from gctail.tui.headings import Headings
from gctail.tui.help import Help
from gctail.tui.lists import VirtualList
from gctail.tui.themes import DARK, LIGHT
from gctail.tui.wording import span

REFRESH_S = 0.5
TALL = 20
"""Lines beside the table from which on there is room for the suspects, too."""
COLLECTION = re.compile(r"\bgc \d+ @\d+\.\d+s ")


class LiveView(App[None]):
    """Shows a board until somebody quits.

    `around` gives the lines around a place of an input, for looking at a finding; it may not know them.
    """

    TITLE = "gctail"
    ENABLE_COMMAND_PALETTE = False
    CSS_PATH = "live.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q", "quit", "quit"),
        Binding("question_mark", "help", "help"),
        Binding("slash", "filter", "filter"),
        Binding("s", "sort", "sort"),
        Binding("n", "finding(1)", "next finding"),
        Binding("N", "finding(-1)", "previous", show=False),
        Binding("r", "range", "range"),
        Binding("l", "below", "log"),
        Binding("p", "pause", "pause"),
        Binding("z", "zoom", "zoom", show=False),
        Binding("t", "theme", "light", show=False),
        Binding("escape", "everything", "all", show=False),
    ]

    def __init__(self, board: Board, *, around: Callable[[Finding], list[str]] | None = None) -> None:
        super().__init__()
        self.register_theme(DARK)
        self.register_theme(LIGHT)
        self.theme = DARK.name
        self.board = board
        self.around = around
        self.paused = False
        self.sort = "worst"
        self.sought = ""
        self.showing_log = False
        self._range = 0
        self._version = -1
        self._looked_at: Finding | None = None
        self.services: VirtualList[Row] = VirtualList(
            self._service, lambda row: row.service, leads=True, empty="no service", id="services"
        )
        self.findings: VirtualList[Finding] = VirtualList(
            self._finding, lambda finding: finding.id, follows=True, empty="no findings", id="findings"
        )
        self.log_lines: VirtualList[Line] = VirtualList(self._line, lambda line: line.number, follows=True, id="log")
        self.chart = HeapChart(id="chart")

    def compose(self) -> ComposeResult:
        """Services above or at the left, the chosen one below or at the right."""
        yield Static(id="head")
        yield Input(placeholder="services whose name or state holds …", id="filter", compact=True)
        with Vertical(id="body"):
            with Vertical(id="left"):
                yield Headings(id="columns")
                yield self.services
            with Vertical(id="right"):
                yield self.chart
                yield Static(id="said")
                with Horizontal(id="below"):
                    yield self.findings
                    yield self.log_lines
        yield Footer()

    def on_mount(self) -> None:
        """Begin to show."""
        self.services.focus()
        self.set_interval(REFRESH_S, self.refresh_view)
        self.on_resize()
        self.refresh_view()

    def on_resize(self) -> None:
        """Side by side where there is room."""
        self.set_class(self.size.width >= 140, "wide")
        self._show_below()
        self._version = -1
        self.call_after_refresh(self.refresh_view)

    # -- showing

    def refresh_view(self) -> None:
        """Show the newest snapshot, unless somebody asked for a pause."""
        snapshot = self.board.snapshot
        chosen = self.services.current
        if chosen is not None:
            self.board.watch(chosen.service, time.time())
        if self.paused or snapshot.version == self._version:
            return
        self._version = snapshot.version
        rows = [
            row for row in snapshot.rows.values() if self.sought in row.service.casefold() or self.sought in row.state
        ]
        self.services.show(in_order(rows, self.sort))
        self._share_room(len(rows))
        self._show_chosen()
        self._show_head(len(rows))

    def _share_room(self, rows: int) -> None:
        """Above each other, the table takes what it needs, and at most two fifths."""
        stacked = not self.has_class("wide")
        self.query_one("#left").styles.height = min(rows + 1, max(4, 2 * self.size.height // 5)) if stacked else "1fr"

    def _show_chosen(self) -> None:
        snapshot, row = self.board.snapshot, self.services.current
        detail = snapshot.details.get(row.service) if row is not None else None
        self.chart.show(row, detail)
        wanted = None if row is None or len(snapshot.rows) < 2 else row.service
        self.findings.show([each for each in snapshot.findings if each.is_news and wanted in {None, each.service}])
        self._show_log(detail)
        self._show_said(detail)

    def _show_said(self, detail: Detail | None) -> None:
        """The finding that is looked at in full; where there is room the newest one too, and the suspects."""
        roomy, finding = self.has_class("wide"), self._looked_at
        if finding is None and roomy:
            finding = self.findings.rows[-1] if self.findings.rows else None
        table = min(len(self.services.rows), 2 * self.size.height // 5)
        suspects = detail.suspects if detail is not None and (roomy or self.size.height - table >= TALL) else ()
        told = draw_said(finding, suspects, self.theme_variables)
        box = self.query_one("#said", Static)
        box.display = bool(told.plain)
        box.update(told)

    def _show_log(self, detail: Detail | None) -> None:
        """The lines around the finding that is looked at, or the newest ones."""
        if self._looked_at is not None and self.around is not None:
            lines = self.around(self._looked_at)
            marks = ("gc" if COLLECTION.search(text) else "" for text in lines)
            self.log_lines.show([Line(number, *each) for number, each in enumerate(zip(lines, marks, strict=True))])
        else:
            self.log_lines.show(detail.lines if detail is not None else ())

    def _show_head(self, shown: int) -> None:
        snapshot = self.board.snapshot
        wide = self.size.width
        self.query_one("#head", Static).update(header(snapshot, shown, self._state_words(), wide))
        self.query_one(Headings).show(self.services.size.width, self.sort)

    def _state_words(self) -> str:
        words = [f"by {self.sort}"]
        if self.sought:
            words.append(f"/{show(self.sought, 20)}")
        if RANGES[self._range] is not None:
            words.append(f"last {span(RANGES[self._range])}")
        if self.paused:
            words.append("PAUSED")
        return "  ".join(words)

    def _service(self, row: Row, width: int) -> Text:
        return draw_service(row, width, self.board.snapshot.at_s, self.theme_variables)

    def _finding(self, finding: Finding, _width: int) -> Text:
        return draw_finding(finding, self.theme_variables)

    def _line(self, line: Line, width: int) -> Text:
        return draw_line(line, width, self.theme_variables)

    # -- keys

    def on_virtual_list_moved(self, message: VirtualList.Moved) -> None:
        """Another service is chosen, or another finding."""
        if message.of is self.services:
            self._looked_at, self.chart.marked_s = None, None
            self._show_chosen()
        elif message.of is self.findings and self.findings.has_focus:
            self._look_at(self.findings.current)

    def action_finding(self, by: int) -> None:
        """Go to the next finding, or the one before."""
        self.findings.action_move(by if self._looked_at is not None else 0)
        self._look_at(self.findings.current)

    def _look_at(self, finding: Finding | None) -> None:
        if finding is None:
            return
        self._looked_at, self.chart.marked_s = finding, finding.uptime_s
        self.services.go_to(finding.service)
        self._looked_at, self.chart.marked_s = finding, finding.uptime_s
        self.chart.refresh()
        detail = self.board.snapshot.details.get(finding.service)
        self._show_log(detail)
        self._show_said(detail)

    def action_filter(self) -> None:
        """Ask for a filter."""
        box = self.query_one("#filter", Input)
        box.add_class("shown")
        box.focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filter while it is typed."""
        self.sought = event.value.casefold()
        self._version = -1
        self.refresh_view()

    def on_input_submitted(self) -> None:
        """The filter stays, the box goes."""
        self.query_one("#filter", Input).remove_class("shown")
        self.services.focus()

    def action_everything(self) -> None:
        """No filter, nothing looked at, all panes, and the worst of the services."""
        self.services.lead()
        box = self.query_one("#filter", Input)
        box.value = ""
        box.remove_class("shown")
        self._looked_at, self.chart.marked_s = None, None
        self._unzoom()
        self.services.focus()
        self._version = -1
        self.refresh_view()

    def action_sort(self) -> None:
        """The next way of sorting."""
        names = list(ORDERS)
        self._sort_by(names[(names.index(self.sort) + 1) % len(names)])

    def on_headings_clicked(self, message: Headings.Clicked) -> None:
        """By the column that was clicked."""
        self._sort_by(message.order)

    def _sort_by(self, order: str) -> None:
        self.sort = order
        self._version = -1
        self.refresh_view()

    def action_range(self) -> None:
        """More or less of the past."""
        self._range = (self._range + 1) % len(RANGES)
        self.chart.range_s = RANGES[self._range]
        self.chart.refresh()
        self._show_head(len(self.services.rows))

    def action_below(self) -> None:
        """The log instead of the findings, or the other way round."""
        self.showing_log = not self.showing_log
        self._show_below()
        (self.log_lines if self.showing_log else self.findings).focus()

    def _show_below(self) -> None:
        """Findings and log, where there is room for both; else the one that was asked for."""
        both = self.has_class("wide") and self.size.height >= 40
        self.log_lines.display, self.findings.display = both or self.showing_log, both or not self.showing_log

    def action_pause(self) -> None:
        """Stand still, or go on."""
        self.paused = not self.paused
        self._version = -1
        self.refresh_view()
        self._show_head(len(self.services.rows))

    def action_zoom(self) -> None:
        """The pane in focus alone."""
        focused = self.focused
        panes = [self.query_one("#left"), self.chart, self.query_one("#below")]
        if any(pane.has_class("alone") for pane in panes):
            self._unzoom()
            return
        for pane in panes:
            inside = focused is not None and (focused is pane or pane in focused.ancestors)
            pane.set_class(not inside, "alone")

    def _unzoom(self) -> None:
        for pane in (self.query_one("#left"), self.chart, self.query_one("#below")):
            pane.remove_class("alone")

    def action_theme(self) -> None:
        """Light or dark."""
        self.theme = LIGHT.name if self.theme == DARK.name else DARK.name

    def action_help(self) -> None:
        """What the keys do."""
        self.push_screen(Help())
