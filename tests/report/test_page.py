"""The report as a file: it asks nobody for anything, runs nothing but our own script, and says everything."""

import base64
import hashlib
import re

import pytest
from msgspec.structs import replace

from gctail import report
from gctail.report.markup import text
from gctail.report.shipped import VENDORED, asset
from gctail.report.ticket import ticket

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\x1b[31m\u202e\x00\"'&{{7*7}}"


def test_what_others_made_is_still_what_they_published():
    """Nobody edits a vendored file: its hash is the one that stands beside its name and version."""
    assert {each.file: hashlib.sha256(asset(each.file)).hexdigest() for each in VENDORED} == {
        each.file: each.sha256 for each in VENDORED
    }


@pytest.mark.parametrize("name", ["uplot", "inter", "jetbrains-mono"])
def test_the_licence_of_what_others_made_stands_beside_it(name):
    """MIT and OFL want to be passed on."""
    words = asset(f"LICENSE.{name}.txt").decode()
    assert "Permission is hereby granted" in words or "SIL Open Font License" in words


def test_the_policy_names_our_script_and_style_and_nothing_else(case, certified):
    """By hash: no unsafe-inline, no eval, no host, no trusted types that could be made elsewhere."""
    page = report.html(case(certified())).decode()
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', page)[1]
    scripts = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    styles = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    assert (len(scripts), len(styles)) == (1, 1)
    for words in (*scripts, *styles):
        assert f"'sha256-{base64.b64encode(hashlib.sha256(words.encode()).digest()).decode()}'" in policy
    assert policy.startswith("default-src 'none'; ")
    assert not re.search(r"unsafe|https?:|\*", policy)


def test_hostile_words_are_text_wherever_they_stand(case, certified):
    """The same page as of harmless words: no tag more, no attribute more, and no character that hides or turns."""

    def skeleton(page: str) -> list[str]:
        return re.findall(r"<(/?[a-zA-Z]+)", page)

    hostile = report.html(case(certified(HOSTILE))).decode()
    assert skeleton(hostile) == skeleton(report.html(case(certified("harmless"))).decode())
    assert not re.search("[\x00\x1b\u202e]", hostile)
    assert "alert(1)&lt;/script&gt;" in hostile


def test_hostile_words_are_text_in_the_picture(certified):
    """The SVG is well-formed XML and has no element that acts."""
    from xml.etree import ElementTree as ET

    tree = ET.fromstring(report.svg(certified(HOSTILE)))  # noqa: S314  (our own)
    kinds = {element.tag.rpartition("}")[2] for element in tree.iter()}
    assert kinds <= {"svg", "title", "rect", "text", "line", "polyline", "polygon"}


def test_a_normal_report_is_small(case, certified):
    """Fonts, charts, script and all."""
    assert len(report.html(case(certified()))) < 2**18


def test_more_services_do_not_make_the_file_large(case, certified):
    """Charts of many services have fewer rows each."""
    assert len(report.html(case(*[certified(f"service {at}") for at in range(40)]))) < 3 * 2**20


def test_the_picture_as_pixels(certified):
    """A PNG of the width that was asked for."""
    png = report.png(certified(), 600)
    assert png.startswith(b"\x89PNG\r\n")
    assert int.from_bytes(png[16:20]) == 600


def test_a_certificate_of_nothing_is_still_a_page(case, certified):
    """No collections, no moments, no suspects: the sections are absent, the page is not."""
    from msgspec.structs import replace

    from gctail.postmortem.certificate import Cause, Memory, Series

    empty = replace(
        certified(), series=Series(), moments=(), suspects=(), keys=(), stacks=(), advice=(), rates=(), limits=(),
        band=None, places=(), holds=(), last_lines=(), comparison=None, memory=Memory(), headline=(), foretold=None,
        cause=Cause("unknown", "unknown", "Nobody knows.", 0.0), verdict=None, start_s=None, end_s=None,
        end_uptime_s=None, go=None, procs=None, gogc_percent=None,
    )  # fmt: skip
    assert "Nobody knows." in report.html(case(empty)).decode()
    assert b"No collection" in report.svg(empty)
    assert b"No service was found" in report.html(case())


def test_a_setting_stands_line_by_line(case, certified):
    """As it is to be typed: no line end becomes a sign, in the page and in the ticket."""
    certificate = certified()
    [first, *_] = certificate.advice
    lines = "type t struct {\n    mu sync.Mutex\n}"
    page = report.html(case(replace(certificate, advice=(replace(first, setting=lines),)))).decode()
    assert "type t struct {\n    mu sync.Mutex\n}</code></pre>" in page
    told = ticket(replace(certificate, advice=(replace(first, setting=lines),)))
    assert "  `type t struct {`  \n  `    mu sync.Mutex`  \n" in told


def test_a_question_and_its_answer_are_one_sentence(case, certified):
    """No "Since: since", and no "Since" where the memory had no part in it."""
    certificate = certified()
    leaks = ("Killed (98% sure)", "since 08:51:39 (61 s to live): live heap 0 -> 129 MiB", "nobody", "nothing")
    page = report.html(case(replace(certificate, headline=leaks))).decode()
    assert "<dt>Since</dt><dd>08:51:39 (61 s to live)" in page
    calm = ("panic (99% sure)", "no leak was seen: live heap 1 -> 1 MiB", "main.f", "nothing")
    page = report.html(case(replace(certificate, headline=calm))).decode()
    assert "<dt>Memory</dt><dd>No leak was seen" in page


def test_tabs_of_a_quoted_line_are_blanks():
    assert text("INFO\tstored\tid=4\x07") == "INFO stored id=4\\x07"
