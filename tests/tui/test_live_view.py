"""The terminal view: what a person sees and can do, at several sizes, with one service and with ten thousand."""

import asyncio
import gzip
import os
import shutil
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.widgets import Input

from gctail.board import Board
from gctail.engine import Engine
from gctail.parsing.scanner import Scanner
from gctail.records import Passage
from gctail.snapshot import Line
from gctail.tui.app import LiveView
from gctail.tui.braille import Canvas
from gctail.tui.drawing import draw_line, draw_said
from gctail.tui.wording import bar, size, span, sparkline

SAMPLES = Path(__file__).parents[2] / "samples" / "logs"
LEAK, IDLE = (SAMPLES / name for name in ("unbounded-map-go1.27.log", "idle-go1.27.log"))
LINE = b"gc 1 @1.000s 1%: 0.1+1+0.2 ms clock, 0.2+0.1/0.5/0.1+0.4 ms cpu, 8->8->4 MB, 9 MB goal, 0 MB stacks, 0 MB globals, 2 P\n"


def heard(board: Board, name: str, log: bytes) -> None:
    scanner = Scanner(f"{name}.log", name)
    for start in range(0, len(log), 1 << 16):
        scanner.feed(log[start : start + (1 << 16)])
        for event in scanner.take():
            if isinstance(event, Passage):
                board.read(event)
            seen = board.engine.observe(event)
            if seen is not None:
                board.see(seen)


@pytest.fixture
def board() -> Board:
    board = Board(Engine(limit_mib=256))
    heard(board, "leaky", LEAK.read_bytes())
    heard(board, "idle", IDLE.read_bytes())
    board.watch("leaky", 1e9)
    board.publish(1e9, {"bytes": 10})
    return board


def screen(app: LiveView) -> str:
    """What stands on the screen, line by line."""
    lines = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip) for strip in lines)


def play(board: Board, story, size: tuple[int, int] = (80, 24), **more) -> None:
    """Run the view at a size, and let the story press keys and look."""

    async def run() -> None:
        app = LiveView(board, **more)
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            await story(app, pilot)

    asyncio.run(run())


@pytest.mark.parametrize("room", [(80, 24), (200, 60), (60, 15), (40, 10)])
def test_the_worst_service_is_on_top_whatever_the_size(board, room):
    """And its name, state and chart can be seen."""

    async def story(app, pilot):
        del pilot
        text = screen(app)
        table = [line for line in text.splitlines() if "leaky" in line or "idle" in line]
        assert "! leaky" in table[0]
        assert "critical" in text or room[0] < 60
        assert "limit 256M" in text or room[1] < 15

    play(board, story, room)


def test_the_worst_service_is_shown_until_somebody_chooses_another():
    """Also when another was heard of first; Esc goes back to it."""
    board = Board(Engine(limit_mib=256))
    heard(board, "idle", IDLE.read_bytes())
    board.publish(1e9, {})

    async def story(app, pilot):
        assert app.services.current.service == "idle"
        assert "no findings" in screen(app)
        heard(board, "leaky", LEAK.read_bytes())
        board.publish(1e9 + 1, {})
        app.refresh_view()
        assert app.services.current.service == "leaky"
        await pilot.press("down")
        assert app.services.current.service == "idle"
        heard(board, "fresh", LINE)
        board.publish(1e9 + 2, {})
        app.refresh_view()
        assert app.services.current.service == "idle"
        await pilot.press("escape")
        assert app.services.current.service == "leaky"

    play(board, story)


def test_sizes_beside_a_chart_are_round(board):
    """What lies between them can be told by eye."""

    async def story(app, pilot):
        del pilot
        labels = [line.split("│")[0].split() for line in screen(app).splitlines() if "│" in line]
        assert [label[0] for label in labels if label] == ["200M", "100M", "0M"]

    play(board, story)


def test_keys_sort_filter_and_pause(board):
    """Each says at the top what it did."""

    async def story(app, pilot):
        await pilot.press("s")
        assert "by service" in screen(app)
        assert [row.service for row in app.services.rows] == ["idle", "leaky"]
        await pilot.press("slash", *"LEAK", "enter")
        assert [row.service for row in app.services.rows] == ["leaky"]
        assert "(1 shown)" in screen(app)
        await pilot.press("escape")
        assert len(app.services.rows) == 2
        await pilot.press("p")
        assert "PAUSED" in screen(app)
        heard(board, "third", LINE)
        board.publish(1e9 + 1, {})
        app.refresh_view()
        assert len(app.services.rows) == 2
        await pilot.press("p")
        assert len(app.services.rows) == 3

    play(board, story)


def test_n_goes_to_the_next_finding_and_shows_the_lines_around_it(board):
    """The chart is marked where it was."""
    asked = []

    def around(finding):
        asked.append(finding)
        return [f"line before {finding.kind}", "the line itself"]

    async def story(app, pilot):
        await pilot.press("n", "l")
        await pilot.pause()
        assert asked[0].service == "leaky"
        assert app.chart.marked_s == asked[0].uptime_s
        assert "the line itself" in screen(app)
        first = asked[0].id
        await pilot.press("N", "N", "N")
        assert asked[-1].id != first or len(app.findings.rows) == 1
        await pilot.press("escape")
        assert app.chart.marked_s is None

    play(board, story, around=around)


def test_growth_that_is_called_a_leak_is_not_told_to_have_ended():
    """Machines are told that the incident of growth is over; a person just read of the leak."""
    board = Board(Engine())
    heard(board, "leaky", gzip.decompress((SAMPLES / "restart-go1.27.log.gz").read_bytes()))
    board.publish(1e9, {"bytes": 10})
    told = [each for each in board.snapshot.findings if each.service == "leaky"]
    assert {"growing", "leak"} <= {each.kind for each in told}
    assert not all(each.is_news for each in told)

    async def story(app, pilot):
        await pilot.press("n")
        assert [each.id for each in app.findings.rows] == [each.id for each in told if each.is_news]
        assert "called a leak now" not in screen(app)

    play(board, story, (200, 60))


def test_the_log_of_the_chosen_service_has_its_collections_whole(board):
    """They stand between the application's lines, as they came."""
    heard(board, "leaky", b"level=INFO msg=hello\n" + LINE.replace(b"gc 1 @1.000s", b"gc 132 @99.000s"))
    board.publish(1e9 + 1, {})

    async def story(app, pilot):
        await pilot.press("l")
        text = screen(app)
        assert "level=INFO msg=hello" in text
        assert "gc 132 @99.000s" in text, text

    play(board, story)


def test_help_theme_range_and_zoom(board):
    """Nothing of it breaks anything."""

    async def story(app, pilot):
        await pilot.press("question_mark")
        await pilot.pause()
        assert "next finding" in screen(app)
        await pilot.press("escape", "t", "r", "r")
        assert app.theme == "gctail-light"
        assert "last 5m" in screen(app)
        await pilot.press("z")
        assert not app.chart.display or app.chart.has_class("alone")
        await pilot.press("z", "tab", "tab", "q")

    play(board, story)


def test_the_mouse_chooses_a_service(board):
    """For those who have one."""

    async def story(app, pilot):
        await pilot.click("#services", offset=(4, 1))
        assert app.services.current.service == "idle"
        assert "idle: …" in screen(app)

    play(board, story)


def test_a_click_on_a_heading_sorts_by_it(board):
    """As in the page; the heading is underlined."""

    async def story(app, pilot):
        for heading, order in (("goal", "goal"), ("service", "service"), ("gone in", "end"), ("state", "worst")):
            at = screen(app).splitlines()[1].index(heading)
            await pilot.click("#columns", offset=(at, 0))
            assert (app.sort, f"by {order}" in screen(app)) == (order, True)

    play(board, story)
    play(board, story, size=(200, 60))


def test_ten_thousand_services_are_a_list_of_which_a_screenful_is_drawn():
    """Moving to the end draws the end, not all that lies between."""
    board = Board(Engine())
    for number in range(10_000):
        heard(board, f"service-{number:05}", LINE) if number < 50 else None
    board.publish(1e9, {})
    rows = board.snapshot.rows
    [pattern, *_] = rows.values()
    import msgspec

    many = {
        f"service-{number:05}": msgspec.structs.replace(pattern, service=f"service-{number:05}")
        for number in range(10_000)
    }
    board.snapshot = msgspec.structs.replace(board.snapshot, rows=many, version=99)
    drawn = []

    async def story(app, pilot):
        draw = app.services._draw
        app.services._draw = lambda row, width: (drawn.append(row.service), draw(row, width))[1]
        await pilot.press("end")
        await pilot.pause()
        assert "service-09999" in screen(app)
        assert len(drawn) < 200

    play(board, story)


def test_hostile_names_and_lines_do_not_reach_the_terminal():
    """Escapes, overrides and markup are shown, not obeyed."""
    board = Board(Engine())
    name = "evil\x1b]0;owned\x07\u202e[red]x[/red]"
    heard(board, name, b"\x1b[2Jgone [bold]x[/bold]\n" + LINE)
    board.watch(name, 1e9)
    board.publish(1e9, {})

    async def story(app, pilot):
        await pilot.press("l")
        text = screen(app)
        assert "\x1b" not in text
        assert "\u202e" not in text
        assert "evil\\x1b]0;owned" in text
        assert "[bold]x[/bold]" in text

    play(board, story, (120, 30))


def test_what_holds_the_reading_up_is_told(board):
    """How much of a topic waits to be read, and that its brokers are waited for."""
    board.publish(1e9, {"bytes": 10, "lag_messages": 1234, "trouble": "waiting for Kafka"})

    async def story(app, pilot):
        await pilot.pause()
        assert "1,234 messages behind  waiting for Kafka" in screen(app).splitlines()[0]

    play(board, story)


def test_nothing_read_yet_is_said():
    """An empty board is a question to the user: is the trace on?"""
    board = Board(Engine())
    board.publish(1e9, {})

    async def story(app, pilot):
        del pilot
        assert "GODEBUG=gctrace=1" in screen(app)

    play(board, story)


@given(st.integers(1, 30), st.integers(1, 10), st.lists(st.tuples(*[st.integers(-300, 300)] * 4), max_size=10))
def test_a_canvas_never_leaves_its_room(columns, rows, strokes):
    """Whatever is drawn where."""
    canvas = Canvas(columns, rows)
    for stroke in strokes:
        canvas.line(*stroke, "red")
    lines = ["".join(text for text, _ in runs) for runs in canvas.lines()]
    assert [len(line) for line in lines] == [columns] * rows


@given(st.floats(-1e15, 1e15, allow_nan=False))
def test_numbers_fit_their_columns(value):
    """However absurd."""
    assert len(span(value)) <= 5
    assert len(size(abs(value))) <= 6


def test_bars_are_as_long_as_their_share():
    """In eighths of a cell."""
    assert bar(1, 2, 4) == "██  "
    assert bar(3, 2, 4) == "████"
    assert bar(1, 0, 4) == "    "
    assert sparkline((0, 5, 10), 4) == " ▁▄█"


def test_it_runs_in_a_real_terminal(root):
    """Started by tmux, at two sizes, on a saved log; a key is pressed, the pane is read."""
    if shutil.which("tmux") is None:
        pytest.skip("no tmux here")
    server = ["tmux", "-L", f"gctail-{os.getpid()}"]
    command = f"{sys.executable} -m gctail --tui {LEAK} {IDLE} --limit 256MiB"
    try:
        for columns, rows in ((80, 24), (200, 60)):
            subprocess.run(
                [*server, "new-session", "-d", "-s", f"s{columns}", "-x", str(columns), "-y", str(rows), command],
                cwd=root, check=True, timeout=60,
            )  # fmt: skip
            pane = _until(server, f"s{columns}", "next goal over limit")
            assert "unbounded-map-go1.27" in pane
            assert max(map(len, pane.splitlines())) <= columns
            at = next(row for row, line in enumerate(pane.splitlines(), 1) if " idle-go1.27 " in line)
            for click in (f"\x1b[<0;8;{at}M", f"\x1b[<0;8;{at}m"):  # what a terminal sends of a mouse (SGR 1006)
                subprocess.run([*server, "send-keys", "-t", f"s{columns}", "-l", click], check=True, timeout=60)
            _until(server, f"s{columns}", " idle-go1.27  live ")
            subprocess.run([*server, "send-keys", "-t", f"s{columns}", "q"], check=True, timeout=60)
    finally:
        subprocess.run([*server, "kill-server"], check=False, capture_output=True, timeout=60)


def _until(server: list[str], session: str, word: str) -> str:
    """The pane, once the word stands in it."""
    pane = ""
    for _ in range(600):
        time.sleep(0.1)
        pane = subprocess.run(
            [*server, "capture-pane", "-p", "-t", session], capture_output=True, text=True, timeout=60, check=False
        ).stdout
        if word in pane:
            return pane
    pytest.fail(f"{word!r} never stood in the pane:\n{pane}")


def test_the_filter_box_is_there_only_when_asked_for(board):
    """It takes no room otherwise."""

    async def story(app, pilot):
        assert not app.query_one("#filter", Input).display
        await pilot.press("slash")
        assert app.query_one("#filter", Input).display

    play(board, story)


def test_of_several_suspects_one_is_enough_and_is_named_by_what_its_lines_say():
    suspect = {"template": "stored svc=<*> id=<*>", "message": "stored", "slot": "id", "share": 1.0, "mib": 23.0}
    said = draw_said(None, [{**suspect, "group": group} for group in (1, 2)], defaultdict(lambda: "red"))
    assert said.plain.splitlines() == [
        "suspect stored  by id  23M  100% of the growth",
        "or      stored  by id  23M  100% of the growth",
    ]


def test_of_a_line_wider_than_the_list_its_message_is_shown():
    """80 columns are full of a time and a caller before a word was said."""
    line = Line(7, "level=info ts=2026-11-28T11:17:53.648310348Z caller=a.go:175 msg=decoded file=IMG_21287.CR3")
    shown = [draw_line(line, width, defaultdict(lambda: "red")).plain for width in (60, 100)]
    assert shown == ["  info decoded file=IMG_21287.CR3", f"  {line.text}"]
