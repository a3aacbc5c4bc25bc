"""The live page in a real Chromium: what it shows and says, by mouse, by keyboard and by ear, for hours, for thousands."""

import itertools
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from chromium import ABSENT, CHROMIUM, QUIET, Opened
from gctail.board import Board
from gctail.engine import Engine
from gctail.parsing.scanner import Scanner
from gctail.records import Passage
from gctail.runners.around import lines_around
from gctail.web import events
from gctail.web.guard import Access
from gctail.web.server import Address, Server

playwright = pytest.importorskip("playwright.sync_api", reason="pip install -e '.[dev]'")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason=ABSENT)

SAMPLES = Path(__file__).parents[2] / "samples" / "logs"
LEAK, IDLE = (SAMPLES / name for name in ("unbounded-map-go1.27.log", "idle-go1.27.log"))
HOSTILE = "evil\x1b]0;x\x07\u202e<script>alert(1)</script><img src=x onerror=alert(1)>"
WITH_PASSWORD = Access("päss", "ann")


class Heard:
    """A board, and what it has heard; it publishes when it is told to."""

    def __init__(self) -> None:
        self.board = Board(Engine(limit_mib=256))
        self.board.engine.mined.share = 1.0
        self.scanners: dict[str, Scanner] = {}

    def hear(self, name: str, log: bytes, origin: str = "") -> None:
        """More of the log of a service."""
        scanner = self.scanners.setdefault(name, Scanner(origin or f"{name}.log", name))
        for start in range(0, len(log), 1 << 16):
            scanner.feed(log[start : start + (1 << 16)])
            for event in scanner.take():
                if isinstance(event, Passage):
                    self.board.read(event)
                seen = self.board.engine.observe(event)
                if seen is not None:
                    self.board.see(seen)

    def publish(self) -> None:
        """Show it."""
        self.board.publish(time.time(), {"bytes": 681_520, "files": ["a", "b"], "notes": ["a note"]})


def collection(number: int, live_mib: int, end_s: float | None = None) -> bytes:
    at_s = end_s if end_s is not None else float(number)
    return (
        f"gc {number} @{at_s:.3f}s 1%: 0.1+1+0.2 ms clock, 0.2+0.1/0.5/0.1+0.4 ms cpu, "
        f"{2 * live_mib}->{2 * live_mib}->{live_mib} MB, {2 * live_mib + 4} MB goal, 0 MB stacks, 0 MB globals, 2 P\n"
    ).encode()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """One Chromium for all tests here."""
    with playwright.sync_playwright() as player:
        chromium = player.chromium.launch(executable_path=CHROMIUM, args=[*QUIET, "--js-flags=--expose-gc"])
        yield chromium
        chromium.close()


@pytest.fixture
def heard() -> Heard:
    """A leak, a service that is well, and one with a hostile name."""
    heard = Heard()
    for name, log in (("leaky", LEAK), ("idle", IDLE), (HOSTILE, IDLE)):
        heard.board.watch(name, time.time())
        heard.publish()
        heard.hear(name, log.read_bytes(), str(log))
    heard.publish()
    return heard


@pytest.fixture
def opened(browser: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Opened]]:
    """Serves a board, opens its page, and waits until something is drawn."""
    monkeypatch.setattr(events, "EVERY_S", 0.05)
    servers, contexts = [], []

    def show(heard: Heard, path: str = "", access: Access = Access(), **context: Any) -> Opened:  # noqa: B008 - frozen
        server = Server(heard.board, Address("127.0.0.1", 0), access, lines_around)
        server.start()
        servers.append(server)
        around = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **context})
        contexts.append(around)
        seen = Opened(around.new_page())
        seen.page.goto(server.address.url + path)
        if heard.board.snapshot.rows:
            seen.page.locator(".rows .row .words").first.wait_for()
            publishing(seen, heard, "document.querySelector('.gc-stack canvas')")
        return seen

    show.servers = servers
    yield show
    for each in contexts:
        each.close()
    for server in servers:
        server.stop()


def publishing(seen: Opened, heard: Heard, until: str) -> None:
    """Publish until something is true on the page."""
    for _ in range(200):
        heard.publish()
        if seen.page.evaluate(f"Boolean({until})"):
            return
        time.sleep(0.05)
    pytest.fail(f"never: {until}\n{seen.noise}\n{seen.page.locator('body').inner_text()[:2000]}")


def names(page: Any) -> list[str]:
    """The services in the table, from above."""
    rows = page.locator(".rows .row:visible")
    told = [(float(row.get_attribute("aria-rowindex")), row.locator(".words").inner_text()) for row in rows.all()]
    return [name for _, name in sorted(told)]


def test_the_worst_service_is_on_top_and_is_shown(opened, heard):
    """With its figures, charts, findings and log; nothing is asked of anybody else, and nothing goes wrong."""
    seen = opened(heard)
    page = seen.page
    assert names(page)[0] == "leaky"
    first = page.locator(".rows .row").first.inner_text()
    assert {"129 MiB", "250 MiB", "256 MiB", "now", "0.02 %"} <= set(re.split(r"[\n\t]+", first))
    assert page.locator("#name").inner_text() == "leaky"
    assert "a leak with probability" in page.locator("#lead").inner_text()
    assert page.locator(".gc-stack canvas").count() == 4
    assert page.locator("#findings .finding").count() == sum(
        each.is_news for each in heard.board.snapshot.details["leaky"].findings
    )
    assert "putIfAbsent(" in page.locator("#accused .suspect").first.inner_text()
    assert "putIfAbsent(" in page.locator("#lines .line.suspect").first.inner_text()
    assert page.locator("#lines .line.suspect").count() < page.locator("#lines .line").count() / 2
    heard.hear("leaky", collection(132, 130, 71.5))
    publishing(
        seen, heard, "document.querySelector('#lines .collection:last-child')?.textContent.includes('gc 132 @71.500s')"
    )
    assert page.title() == "(1) gctail"
    own = page.url.split("/#")[0]
    assert [url for url in seen.requests if not url.startswith((own, "data:"))] == []
    assert seen.noise == []


@pytest.mark.parametrize("width", [360, 768, 1280, 1920])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_its_window_and_can_be_read(opened, heard, width, scheme):
    """No sideways scrolling; every word has the contrast of 4.5 to 1 that WCAG 2.2 asks for (success criterion 1.4.3)."""
    seen = opened(heard, viewport={"width": width, "height": 800}, color_scheme=scheme, has_touch=width == 360)
    for view in ("list", "detail"):
        seen.page.evaluate(f"document.documentElement.dataset.view = '{view}'")
        assert seen.page.evaluate("document.documentElement.scrollWidth") <= width
        assert seen.page.evaluate(FAINT) == []
    assert seen.noise == []


FAINT = """() => {
    const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
    const rgba = (colour) => {
        canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
        return [...canvas.getImageData(0, 0, 1, 1).data];
    };
    const over = (top, below) => top.map((each, at) => at === 3 ? 255 : each * top[3] / 255 + below[at] * (1 - top[3] / 255));
    const behind = (element) => {
        const layers = [];
        for (let each = element; each; each = each.parentElement) layers.unshift(rgba(getComputedStyle(each).backgroundColor));
        return layers.reduce((below, top) => over(top, below), [255, 255, 255, 255]);
    };
    const light = (colour) => colour.slice(0, 3).map((each) => each / 255)
        .map((each) => each <= 0.03928 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4)
        .reduce((sum, each, at) => sum + each * [0.2126, 0.7152, 0.0722][at], 0);
    const faint = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const element = walker.currentNode.parentElement;
        if (!walker.currentNode.textContent.trim() || !element.checkVisibility({ visibilityProperty: true })) continue;
        if (element.closest('script, style, noscript, .unseen, .skip, :disabled')) continue;
        const ground = behind(element), ink = over(rgba(getComputedStyle(element).color), ground);
        const [bright, dark] = [light(ink), light(ground)].sort((a, b) => b - a);
        const ratio = (bright + 0.05) / (dark + 0.05);
        if (ratio < 4.5) faint.push(`${ratio.toFixed(2)} ${element.className} ${walker.currentNode.textContent.trim().slice(0, 40)}`);
    }
    return [...new Set(faint)];
}"""


def test_hostile_names_and_lines_stay_words(opened, heard):
    """Nothing runs, no element appears, escapes and overrides are shown; and the service can be chosen by its name."""
    seen = opened(heard)
    heard.hear(HOSTILE, f"level=INFO msg={HOSTILE}\n".encode() + collection(900, 1, 9000.0))
    row = seen.page.get_by_role("row", name=re.compile("evil"))
    row.click()
    publishing(seen, heard, "document.getElementById('name').textContent.startsWith('evil')")
    heard.hear(HOSTILE, f"level=INFO msg={HOSTILE}\n".encode() + collection(901, 1, 9001.0))
    publishing(seen, heard, "document.getElementById('lines').textContent.includes('onerror')")
    assert "evil\\x1b]0;x\\x07\\u202e<script>" in row.inner_text()
    assert "evil\\x1b]0;x\\x07\\u202e<script>" in seen.page.locator("#lines").inner_text()
    assert seen.page.locator("main script, img, iframe, object, [onerror]").count() == 0
    assert "\u202e" not in seen.page.content().replace(seen.page.url, "")
    seen.page.reload()
    publishing(seen, heard, "document.getElementById('name').textContent.startsWith('evil')")
    assert seen.noise == []


def test_what_got_past_us_would_still_not_run(opened, heard):
    """The policy refuses inline scripts, handlers and styles, and a request to anywhere else."""
    seen = opened(heard)
    seen.page.evaluate(
        """() => {
            try { document.body.insertAdjacentHTML('beforeend', '<b onclick="window.ran = 1" style="color: red">x</b>'); }
            catch { window.refused = true; }
            const image = new Image();
            image.src = 'https://example.invalid/beacon.png';
            document.body.append(image);
        }"""
    )
    seen.page.wait_for_timeout(100)
    assert seen.page.evaluate("[window.refused, window.ran]") == [True, None]
    assert any("Content Security Policy" in noise for noise in seen.noise)


def test_everything_can_be_done_with_the_keyboard(opened, heard):
    """Choose, filter, sort, range, findings, charts, log, help: as the help says."""
    page = opened(heard).page
    keys = page.keyboard
    name = page.locator("#name")
    assert page.evaluate("document.activeElement.id") == "grid"
    keys.press("ArrowDown")
    publishing_until = lambda words: name.filter(has_text=words).wait_for()  # noqa: E731 - read as a sentence below
    publishing_until("idle" if names(page)[1] == "idle" else "evil")
    keys.press("k")
    publishing_until("leaky")
    keys.press("/")
    keys.type("IDLE")
    page.get_by_text("1 of 3 services").wait_for()
    assert names(page) == ["idle"]
    keys.press("Escape")
    page.get_by_text("3 services", exact=True).wait_for()
    keys.press("s")
    page.locator('[aria-sort="descending"].live').wait_for()
    keys.press("n")
    page.get_by_text("Log around the finding").wait_for()
    assert page.locator("#lines .here").inner_text().startswith("gc 130 @66.584s")
    assert page.locator('#findings [aria-expanded="true"]').count() == 1
    keys.press("n")
    keys.press("N")
    keys.press("N")
    keys.press("Escape")
    page.get_by_role("heading", name="Log", exact=True).wait_for()
    keys.press("r")
    assert page.locator('#ranges [aria-pressed="true"]').inner_text() == "1 min"
    keys.press("c")
    keys.press("Home")
    assert "collection " in page.locator(".gc-stack").get_attribute("aria-valuetext")
    keys.press("l")
    assert page.evaluate("document.activeElement.id") == "lines"
    keys.press("?")
    assert page.get_by_role("dialog", name="Keys").is_visible()
    keys.press("Escape")
    assert not page.get_by_role("dialog", name="Keys").is_visible()
    keys.press("t")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


def test_a_screen_reader_is_told_what_there_is(opened, heard):
    """A grid with named columns, rows that say all, buttons with names, one level of headings under another."""
    page = opened(heard).page
    tree = page.locator("body").aria_snapshot()
    for said in (
        'grid "Services"', 'columnheader "Gone in"', 'heading "leaky" [level=2]', 'slider "Charts of leaky: moment"',
        'group "Time range"', 'button "Pause"', 'searchbox "Filter by name or state"', "log", "status",
    ):  # fmt: skip
        assert said in tree, f"{said}\n{tree}"
    assert re.search(r'row "leaky .*129 MiB.*256 MiB.*now.*" \[selected\]', tree), tree
    assert page.locator("#grid").get_attribute("aria-rowcount") == "4"
    chosen = page.locator("#grid").get_attribute("aria-activedescendant")
    assert page.locator(f"#{chosen}").get_attribute("aria-selected") == "true"
    nameless = page.evaluate(
        """() => [...document.querySelectorAll('button, a, input, select, [role=slider], [role=grid]')]
            .filter((each) => !(each.getAttribute('aria-label') || each.textContent || each.labels?.[0]?.textContent).trim())
            .map((each) => each.outerHTML.slice(0, 120))"""
    )
    assert nameless == []


def test_a_new_finding_is_said_aloud(opened):
    """Politely, in a live region, and the service rises to the top."""
    heard = Heard()
    heard.hear("idle", IDLE.read_bytes())
    heard.publish()
    seen = opened(heard)
    heard.hear("leaky", LEAK.read_bytes())
    publishing(seen, heard, "document.getElementById('told').textContent.startsWith('critical: leaky')")
    assert names(seen.page)[0] == "leaky"
    assert seen.page.locator("#name").inner_text() == "idle"
    seen.page.locator("#everyone").check()
    told = seen.page.locator("#findings").inner_text()
    assert "with probability" in told
    assert "called a leak now" not in told


def test_a_pause_stands_still_while_the_reading_goes_on(opened, heard):
    """What is chosen meanwhile is still shown; then it catches up."""
    seen = opened(heard)
    page = seen.page
    page.keyboard.press("p")
    assert page.locator("#pulse-words").inner_text() == "paused"
    heard.hear("fourth", IDLE.read_bytes())
    heard.publish()
    page.wait_for_timeout(300)
    assert len(names(page)) == 3
    page.get_by_role("row", name=re.compile("idle")).click()
    publishing(seen, heard, "document.querySelector('.gc-stack canvas')")
    assert page.locator("#name").inner_text() == "idle"
    page.keyboard.press("p")
    publishing(seen, heard, "document.getElementById('shown').textContent === '4 services'")
    page.locator("#pulse-words").filter(has_text=re.compile("^live$")).wait_for()


def test_a_lost_connection_is_said_and_found_again(opened, heard):
    """The page goes on when gctail has been started again."""
    seen = opened(heard)
    [server] = opened.servers
    server.stop()
    seen.page.get_by_text("connection lost, trying again").wait_for()
    again = Server(heard.board, Address("127.0.0.1", server.address.port), Access())
    opened.servers.append(again)
    again.start()
    seen.page.locator("#pulse-words").filter(has_text=re.compile("^live$")).wait_for(timeout=60_000)


def test_a_telephone_shows_one_thing_at_a_time(opened, heard):
    """A tap leads to the service, back leads to the list."""
    page = opened(heard, viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True).page
    assert not page.locator("#detail").is_visible()
    page.locator(".rows .row").first.tap()
    assert page.locator("#name").is_visible()
    assert not page.locator("#grid").is_visible()
    small = page.evaluate(
        """() => [...document.querySelectorAll('button, select, input')].filter((each) => each.checkVisibility())
            .map((each) => [each.outerHTML.slice(0, 80), each.getBoundingClientRect()])
            .filter(([, box]) => box.height < 20 || box.width < 20).map(([what]) => what)"""
    )
    assert small == []
    page.get_by_role("button", name="Back to the services").tap()
    assert page.locator("#grid").is_visible()


def test_ten_thousand_services_are_rows_in_sight_and_no_more(opened):
    """The end is reached with a key, the middle by scrolling; the page holds a screenful of rows."""
    heard = Heard()
    heard.hear("leaky", LEAK.read_bytes(), str(LEAK))
    heard.publish()
    seen = opened(heard)
    page = seen.page
    few = heard.board.snapshot
    [row] = few.rows.values()
    many = {
        f"svc-{at:05}": msgspec.structs.replace(row, service=f"svc-{at:05}", severity=None, state="well")
        for at in range(9_999)
    }
    versions = itertools.count(few.version + 1)

    def publish() -> None:  # at once: a page that saw the few rows in between would stay with them
        heard.board.snapshot = msgspec.structs.replace(few, version=next(versions), rows={**few.rows, **many})

    heard.publish = publish
    publishing(seen, heard, "document.getElementById('shown').textContent === '10,000 services'")
    page.locator("#grid").focus()
    page.keyboard.press("End")
    page.locator("#name").filter(has_text="svc-09998").wait_for()
    assert names(page)[-1] == "svc-09998"
    page.evaluate("document.getElementById('rows').scrollTop = 5000 * 34")
    page.get_by_text("svc-05000", exact=True).wait_for()
    assert page.locator(".rows .row").count() < 60
    page.keyboard.press("/")
    page.keyboard.type("svc-0777")
    page.get_by_text("10 of 10,000 services").wait_for()
    assert seen.noise == []


def test_a_page_that_is_open_for_hours_does_not_grow(opened, monkeypatch):
    """The next four hundred snapshots of a busy leak leave no more behind than the first two hundred."""
    monkeypatch.setattr(events, "EVERY_S", 0.002)
    heard = Heard()
    for number in range(1, 700):
        heard.hear("busy", b"level=INFO msg=started request=%d\n" % number + collection(number, number % 50 + 10))
    seen = opened(heard)
    page = seen.page
    session = page.context.new_cdp_session(page)

    def held() -> tuple[int, int]:
        session.send("HeapProfiler.collectGarbage")
        counted = session.send("Memory.getDOMCounters")
        return session.send("Runtime.getHeapUsage")["usedSize"], counted["nodes"]

    def run(first: int, count: int) -> None:
        for number in range(first, first + count):
            heard.hear("busy", b"level=INFO msg=served request=%d\n" % number + collection(number, number % 50 + 10))
            if number % 97 == 0:
                heard.hear("busy", b"fatal error: all goroutines are asleep - deadlock!\n")
            heard.publish()
            page.evaluate("new Promise((done) => requestAnimationFrame(done))")
        publishing(seen, heard, f"document.getElementById('lines').textContent.includes('request={first + count - 1}')")

    run(700, 200)
    used, nodes = held()
    run(900, 400)
    used_later, nodes_later = held()
    assert used_later < used + 400_000
    assert nodes_later < nodes + 800
    assert page.locator("#lines li").count() <= 400
    assert seen.noise == []


def test_the_page_asks_for_the_password_as_browsers_do(opened, heard):
    """And its events come through with it."""
    seen = opened(heard, access=WITH_PASSWORD, http_credentials={"username": "ann", "password": "päss"})
    assert names(seen.page)[0] == "leaky"


def test_nothing_heard_yet_is_said(opened):
    """With the question that helps."""
    heard = Heard()
    heard.publish()
    page = opened(heard).page
    page.get_by_text("is it started with GODEBUG=gctrace=1?").wait_for()
    assert not page.locator("#detail").is_visible()
