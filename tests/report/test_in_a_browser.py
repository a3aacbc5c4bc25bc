"""The report in a real Chromium: it draws, sorts, zooms and speaks, and hostile words in it stay words."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from chromium import ABSENT, CHROMIUM, QUIET, Opened
from gctail import report

playwright = pytest.importorskip("playwright.sync_api", reason="pip install -e '.[dev]'")

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason=ABSENT)
HOSTILE = [
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)><svg onload=alert(1)><iframe srcdoc='<script>alert(1)</script>'>",
    "\"' onmouseover=alert(1) x='javascript:alert(1)' ]]> --> <!-- </style></title></textarea>",
    "\x1b]0;title\x07\x1b[31mred\u202egnp.exe\u2066\x00\ufeff\ud800 \U000e0041",
    "\u2028\u2029\\u003cscript\\u003e ${alert(1)} {{alert(1)}} `alert(1)`",
    "<b>" + "A" * 2**20,
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """One Chromium for all tests here."""
    with playwright.sync_playwright() as player:
        chromium = player.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield chromium
        chromium.close()


@pytest.fixture
def opened(browser: Any, case: Any, tmp_path: Path) -> Iterator[Callable[..., Opened]]:
    """Opens a report about these certificates, and waits until its charts are drawn."""
    pages = []

    def show(*certificates: Any, charts: bool = True, **context: Any) -> Opened:
        file = tmp_path / "report.html"
        file.write_bytes(report.html(case(*certificates)))
        page = browser.new_page(**{"viewport": {"width": 1440, "height": 900}, **context})
        pages.append(page)
        seen = Opened(page)
        page.goto(file.as_uri())
        if charts:
            page.locator("[data-course]").first.scroll_into_view_if_needed()
            page.locator(".gc-stack canvas").first.wait_for(timeout=60_000)
        return seen

    yield show
    for page in pages:
        page.close()


@pytest.mark.parametrize("words", HOSTILE, ids=["script", "handlers", "quotes", "controls", "separators", "a MiB"])
def test_hostile_words_stay_words(opened, certified, words):
    """Nothing runs, nothing is asked for, and no element appears that we did not make."""
    seen = opened(certified(words))
    seen.page.locator(".gc-stack").focus()
    seen.page.keyboard.press("ArrowLeft")
    assert seen.noise == []
    assert seen.asked_for() == []
    assert (
        seen.page.locator("iframe, object, embed, img, svg svg, article script, form, [onload], [onerror]").count() == 0
    )
    assert seen.page.locator("article h2").inner_text().startswith("Killed by ")


def test_what_got_past_the_escaping_would_still_not_run(opened, certified):
    """The policy refuses a script, a handler, a style and a request that are put into the living page."""
    seen = opened(certified())
    seen.page.evaluate(
        """() => {
            const script = document.createElement('script');
            try { script.textContent = 'window.ran = 1'; } catch { /* trusted types refuse it */ }
            document.body.append(script);
            const image = new Image();
            image.src = 'https://example.invalid/beacon.png';
            document.body.append(image);
        }"""
    )
    seen.page.wait_for_timeout(100)
    assert seen.page.evaluate("window.ran") is None
    assert any("Content Security Policy" in noise for noise in seen.noise)


@pytest.mark.parametrize("width", [360, 768, 1440])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_its_window_and_draws_every_chart(opened, certified, width, scheme):
    """No sideways scrolling at any width; each chart has ink of more than one colour."""
    seen = opened(certified(), viewport={"width": width, "height": 900}, color_scheme=scheme)
    assert seen.noise == []
    assert seen.page.evaluate("document.documentElement.scrollWidth") <= width
    inks = seen.page.evaluate(
        """() => [...document.querySelectorAll('.gc-stack canvas')].map((canvas) => {
            const pixels = new Uint32Array(canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.buffer);
            return new Set(pixels).size;
        })"""
    )
    assert len(inks) == 4 + 4
    assert min(inks) > 2


def test_zoom_and_cursor_are_one_for_all_charts(opened, certified):
    """A drag over one chart zooms all; the keyboard moves the cursor, zooms, and comes back to the whole run."""
    page = opened(certified()).page
    whole = page.locator(".gc-panel").first.screenshot()
    over = page.locator(".gc-alloc .u-over")
    box = over.bounding_box()
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * 0.3, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.6, middle, steps=5)
    page.mouse.up()
    stack = page.locator(".gc-stack")
    assert page.locator(".gc-panel").first.screenshot() != whole
    stack.focus()
    page.keyboard.press("Escape")
    page.keyboard.press("Home")
    assert "collection 1," in stack.get_attribute("aria-valuetext")
    page.keyboard.press("ArrowRight")
    assert "collection 2, live heap 11 MiB" in stack.get_attribute("aria-valuetext")
    page.wait_for_timeout(50)
    lefts = page.evaluate("[...document.querySelectorAll('.u-cursor-x')].map((each) => each.style.transform)")
    assert len(set(lefts)) == 1


def test_tables_sort_by_their_headings(opened, certified):
    """Figures begin with the largest, another press turns the order round, and readers of screens are told."""
    page = opened(certified()).page
    table = page.locator(".suspects table").first
    heading = table.get_by_role("columnheader", name="distinct")
    column = "(rows) => rows.map((row) => row.cells[0].textContent)"
    for sort, order in (("descending", ["3", "2", "1"]), ("ascending", ["1", "2", "3"])):
        heading.get_by_role("button").focus()
        page.keyboard.press("Enter")
        assert heading.get_attribute("aria-sort") == sort
        assert table.locator("tbody tr").evaluate_all(column) == order


def test_everything_that_acts_has_a_name(opened, certified):
    """Buttons, links and charts, as assistive technology sees them."""
    page = opened(certified()).page
    nameless = page.evaluate(
        """() => [...document.querySelectorAll('button, a, [role], [tabindex]')]
            .filter((each) => !each.hidden && !(each.getAttribute('aria-label') || each.textContent).trim()
                    && each.getAttribute('role') !== 'status')
            .map((each) => each.outerHTML.slice(0, 120))"""
    )
    assert nameless == []
    tree = page.locator("article").aria_snapshot()
    for said in (
        'slider "Charts of user logged in: moment"',
        'button "Copy for a ticket"',
        'heading "Suspects"',
        'table "Suspects"',
    ):
        assert said in tree


def test_the_ticket_is_copied_as_markdown(opened, certified):
    """What the button puts onto the clipboard."""
    page = opened(certified(), permissions=["clipboard-read", "clipboard-write"]).page
    page.get_by_role("button", name="Copy for a ticket").click()
    page.get_by_text("Copied as Markdown").wait_for()
    assert page.locator(".copied").inner_text() == "Copied as Markdown"
    assert page.evaluate("navigator.clipboard.readText()").startswith("### user logged in: killed")


def test_the_theme_can_be_chosen(opened, certified):
    """Dark, whatever the system says; and the charts are drawn anew in it."""
    page = opened(certified(), color_scheme="light").page
    light = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.get_by_role("button", name="Theme").click()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != light


def test_it_prints_with_its_charts(opened, certified):
    """A dark page prints on white paper, on a few pages."""
    pdf = opened(certified(), color_scheme="dark").page.pdf(format="A4", print_background=True)
    assert pdf.startswith(b"%PDF")
    assert 2 <= pdf.count(b"/Type /Page\n") <= 12


def test_several_services_have_an_index(opened, certified):
    """One line each, that leads to the certificate."""
    page = opened(certified("checkout"), certified("payments")).page
    page.get_by_role("link", name="payments").click()
    assert page.evaluate("location.hash") == "#c1"
    page.locator("#c1 .gc-stack canvas").first.wait_for()
