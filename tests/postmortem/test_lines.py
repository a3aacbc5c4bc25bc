"""Spikes and last lines in a certificate: what the log said differently, and which line is innocent."""

import json

import pytest
from msgspec.structs import replace

from certificates import example_certificate
from gctail.attribution.changes import Change, Changes
from gctail.attribution.coincidences import Coincidence
from gctail.palette import Palette
from gctail.parsing.gist import fitted
from gctail.postmortem.certificate import Case, LastLine, Said, Spike
from gctail.postmortem.pen import WIDTH, Pen
from gctail.postmortem.spikes import sentence
from gctail.postmortem.text_lines import last_words, rate, spikes_text
from gctail.report import html
from postmortem_cases import LOGS, certificate_of

BATCH = "nightly-batch-go1.27.log.gz"
HOSTILE = "\x1b]0;owned\x07\u202e<script>alert(1)</script>" * 9


@pytest.fixture(scope="module")
def batch():
    """A service that runs a batch twice; the second run is a spike."""
    return certificate_of(BATCH)


def test_a_spike_names_the_message_that_came_with_it_and_shows_lines_around(batch):
    """The batch says how far it is."""
    [spike] = batch.spikes
    assert spike.sentence.startswith('"nightly invoice run progress" came ')
    assert [(each.kind, each.message) for each in spike.changes] == [("more", "nightly invoice run progress")]
    assert 3 <= len(spike.lines) <= 6
    assert any("nightly invoice run progress" in line for line in spike.lines)
    assert not [line for line in spike.lines if line.startswith("gc ")]


def test_the_last_line_of_a_service_that_dies_is_innocent():
    """It comes all the time; the line of the suspect says that it is one."""
    certificate = certificate_of(LOGS.parent / "gateway" / "gateway-go1.26.log.gz")
    last = certificate.last_lines[-1]
    assert last.message == "request processed"
    assert last.says.endswith("times a second all the time: innocent")
    assert last.usual_per_min == pytest.approx(last.recent_per_min, rel=0.3)
    assert any(line.says.startswith("a suspect; it comes") for line in certificate.last_lines)


def test_a_line_that_never_came_before_is_told(batch):
    """The farewell of a service that was asked to stop."""
    assert batch.last_lines[-1].says == "no line like it came before"
    assert batch.last_lines[-1].usual_per_min is None


def test_the_text_has_a_rate_beside_every_line(gctail):
    """Twenty of them, in 80 columns."""
    done = gctail("postmortem", LOGS / BATCH)
    lines = done.stdout.decode().splitlines()
    assert max(map(len, lines)) <= WIDTH
    at = lines.index("The last lines  how often lines like it come")
    assert [
        line
        for line in lines[at + 1 : at + 21]
        if "/s | " not in line and "/min | " not in line and "first | " not in line
    ] == []
    assert lines[at + 21] == "  The last line: no line like it came before."
    assert "At the spike" in lines


def test_the_verdict_of_a_dead_service_says_it_too(gctail):
    """Beside its last line, also without a certificate."""
    done = gctail(LOGS / "go-out-of-memory-go1.23.log.gz", "--output", "json")
    [service] = json.loads(done.stdout)["services"]
    assert service["last_line_says"]
    alive = gctail(LOGS / "bounded-cache-go1.24.log.gz", "--output", "json")
    assert json.loads(alive.stdout)["services"][0]["last_line_says"] is None


def test_a_line_that_does_not_fit_is_told_by_what_it_says():
    """Time and caller would fill the room, and all lines would look alike."""
    line = '{"level":"warn","ts":1795802735.31,"caller":"svc/handler.go:391","msg":"deadline exceeded","sku":"2f8f3f"}'
    assert fitted(line, 60) == "warn deadline exceeded sku=2f8f3f"
    assert fitted(line, len(line)) == line
    assert fitted("stored\tid=4", 60) == "stored id=4"
    klog = 'I1127 18:04:29.497495    2647 server.go:86] "order filled" order=102538 px="97.80"'
    assert fitted(klog, 60) == "info order filled order=102538 px=97.80"
    assert fitted("2026-11-27 18:04:29 " + "word " * 20, 60).startswith("2026-11-27")
    prose = "word " * 20
    assert fitted("Nov 27 18:04:29 2026-11-27 18:04:29 DEBU " + prose, 60) == "debug " + prose.strip()
    assert fitted(prose, 60) == prose
    csv = '1795864788041,INFO,outbox,"order changed","order=54 state=paid to=3f8b2c1a-0d4e-4a55"'
    flags = (
        '{"level":"info","time":"2026-11-28T17:58:56.123456Z","message":"login ok","kept":false,"mfa":true,"of":null}'
    )
    assert fitted(flags, 60) == "info login ok kept=false mfa=true of=null"
    assert fitted(csv, 60) == "info order changed logger=outbox order=54 state=paid to=3f8b2c1a-0d4e-4a55"


def test_rates_are_short():
    """They stand in a narrow column."""
    assert [rate(each) for each in (24000, 60, 12, 1, 0.5, 0.001, 0, None)] == [
        "400/s", "1/s", "12/min", "1/min", "30/h", "<1/h", "0", "",
    ]  # fmt: skip


def test_hostile_lines_stay_text():
    """In the terminal and in the page."""
    spike = Spike(
        "spike",
        HOSTILE,
        1.0,
        2.0,
        1_795_424_487.0,
        HOSTILE,
        3,
        HOSTILE,
        1.0,
        (Said("new", HOSTILE, 3.0, 0.0, None, HOSTILE),) * 2,
        (HOSTILE,) * 3,
    )
    line = LastLine(HOSTILE, HOSTILE, 3, HOSTILE, 60.0, 60.0, HOSTILE)
    certificate = replace(example_certificate(), spikes=(spike,), last_lines=(line,) * 3)
    text = "\n".join(
        [*spikes_text(certificate, Pen(Palette(colour=False))), *last_words(certificate, Pen(Palette(colour=False)))]
    )
    assert not set(text) & {"\x1b", "\x07", "\u202e"}
    assert max(map(len, text.splitlines())) <= WIDTH
    page = html(Case((certificate,), {}, "gctail")).decode()
    assert "<script>alert" not in page
    assert "At the spike" in page


def test_a_rare_line_that_comes_at_every_spike_is_said_at_each():
    """And what else was different stands behind it, each message once."""
    scraped = Coincidence("metrics scraped", "metrics scraped", "metrics scraped", (0, 1, 2), 3, 5, 4.0, 0.0012)
    busy = Changes(0.0, 1.0, 1.9, ())
    assert sentence(busy, (scraped,)) == (
        '"metrics scraped" came then, as at each of the 3, and 5 times in all (p 0.0012); '
        "all lines together came 1.9 times as often as usual"
    )
    same = Change("more", "metrics scraped", "metrics scraped", 60.0, 4.0, 15.0, "metrics scraped")
    assert sentence(Changes(0.0, 1.0, None, (same,)), (scraped,)).count("metrics scraped") == 1
    assert sentence(Changes(0.0, 1.0, None, ())) == "no message was new, more frequent or missing then"
