"""The keys of a suspect in a certificate: text, page, JSON and CSV, of a real log that is read a second time for them."""

import csv
import json

import pytest
from msgspec.structs import replace

from certificates import example_certificate
from gctail.attribution.keys.report import report
from gctail.attribution.keys.sample import KeySample
from gctail.palette import Palette
from gctail.postmortem.certificate import Case, Key
from gctail.postmortem.facts_of import facts_of
from gctail.postmortem.keyed import Looked, with_keys
from gctail.postmortem.pen import WIDTH, Pen
from gctail.postmortem.text_keys import curve, keys_text
from gctail.postmortem.wording import key_called
from gctail.report import html
from gctail.report.keys_csv import COLUMNS, keys_csv
from postmortem_cases import LOGS, certificate_of

GATEWAY = LOGS.parent / "gateway" / "gateway-go1.26.log.gz"
HOSTILE = "=cmd|' /C calc'!A0<script>\x1b[31m\u202e,\"x\"\n"


def rows_of(file):
    """The rows of a CSV."""
    return list(csv.DictReader(file.read_text(encoding="utf-8").splitlines(keepends=True)))


def sample_of(keys):
    """A sample in which one key comes each second."""
    sample = KeySample()
    for at, key in enumerate(keys):
        sample.add([key.encode()], float(at))
    return sample


@pytest.fixture(scope="module")
def gateway():
    """The certificate of a session cache whose keys hold the time: its last line is `request processed`."""
    return certificate_of(GATEWAY)


def test_the_line_of_the_map_and_the_trouble_with_its_keys_are_named(gateway):
    """The last line is innocent; the WARN line carries size=, and its keys a time stamp."""
    assert "request processed" in gateway.last_lines[-1].text
    first = gateway.suspects[0]
    assert "[SessionCache] putIfAbsent" in first["message"]
    key = gateway.keys[0]
    assert (key.slot, key.message) == ("key", first["message"])
    assert (key.found.cause, key.found.conclusion) == ("time stamp", "part")
    assert gateway.advice[0].title == "Leave the time stamp out of the key"
    assert key.found.sentence.startswith("Each key is new because of its time stamp in ms behind device: normalise it")
    assert gateway.headline[2].startswith('"[SessionCache] putIfAbsent')
    assert gateway.headline[2].endswith('": 1,060 keys, each with a time stamp')


def test_every_line_of_the_suspect_is_counted(gateway):
    """1501 puts are in the log; the second reading sees each of them once."""
    found = gateway.keys[0].found
    assert found.lines == 1501
    assert found.distinct == gateway.keys[0].distinct == found.growth[-1][1]
    assert found.scale == 1
    assert found.parts[-1].before == "device_"


def test_the_text_fits_and_says_the_conclusion_first(gctail):
    """80 columns, no control characters."""
    done = gctail("postmortem", GATEWAY)
    lines = done.stdout.decode().splitlines()
    assert max(map(len, lines)) <= WIDTH
    at = lines.index("The keys")
    assert lines[at + 1].startswith("  key: ")
    assert " different values in all 1,501 lines" in lines[at + 1]
    assert lines[at + 2].startswith("  Each key is new because of its time stamp")
    assert any(line.startswith("    device_<time stamp in ms>") for line in lines)


def test_the_verdict_of_reading_alone_says_it_too(gctail):
    """Without a second look, from the keys that were kept."""
    text = gctail(GATEWAY).stdout.decode()
    assert (
        "    Each key is new because of its time stamp in ms behind device: normalise it, leave the time out." in text
    )


def test_json_and_csv_have_the_keys(gctail, tmp_path):
    """The CSV has one row a key, with how often it came and when."""
    file = tmp_path / "keys.csv"
    done = gctail("postmortem", GATEWAY, "--json", "--keys-csv", file)
    [service] = json.loads(done.stdout)["services"]
    found = service["certificate"]["keys"][0]["found"]
    rows = rows_of(file)
    assert tuple(rows[0]) == COLUMNS
    assert len(rows) == found["distinct"]
    assert sum(int(row["count"]) for row in rows) == found["lines"]
    assert rows[0]["slot"] == "key"
    assert all(float(row["first_uptime_s"]) <= float(row["last_uptime_s"]) for row in rows)


def test_redaction_reaches_the_keys(gctail, tmp_path):
    """In the CSV and in every form of the certificate."""
    file, page = tmp_path / "keys.csv", tmp_path / "page.html"
    done = gctail("postmortem", GATEWAY, "--redact", "--keys-csv", file, "--html", page)
    known = [row["key"] for row in rows_of(file)]
    plain = tmp_path / "plain.csv"
    gctail("postmortem", GATEWAY, "--keys-csv", plain)
    users = {row["key"].split("#")[0] for row in rows_of(plain)}
    assert not users & {key.split("#")[0] for key in known}
    assert not [user for user in users if user.encode() in done.stdout + page.read_bytes()]


def test_no_key_is_a_formula_or_a_script():
    """Whatever a client chose as its id."""
    looked = Looked("shop", HOSTILE, "key", sample_of([HOSTILE, "+1", "-1", "@x", "plain"]))
    rows = list(csv.reader(keys_csv([looked]).decode().splitlines(keepends=True)))
    assert len(rows) == 6
    assert not [cell for row in rows[1:] for cell in row[:4] if cell.startswith(("=", "+", "-", "@"))]
    found = report(sample_of([f"{HOSTILE}{at}" for at in range(50)]))
    key = Key("put", HOSTILE, 50, 1.0, ((HOSTILE, 1),), found)
    certificate = replace(example_certificate(), keys=(key,))
    text = "\n".join(keys_text(certificate, Pen(Palette(colour=False))))
    assert not set(text) & {"\x1b", "\u202e"}
    assert max(map(len, text.splitlines())) <= WIDTH
    page = html(Case((certificate,), {}, "gctail")).decode()
    assert "A0<script" not in page
    assert "Parts of" in page


def test_a_log_without_suspects_is_not_read_again():
    """There is nothing to look for."""
    assert certificate_of("bounded-cache-go1.24.log.gz").keys == ()


def test_keys_of_the_process_that_died_are_those_of_its_own_lines():
    """Of two processes in a file, only one is told of."""
    certificate = certificate_of("restart-go1.27.log.gz")
    both = sum(1 for each in certificate.runs)
    assert both == 2
    found = certificate.keys[0].found
    assert 0 < found.lines < 800
    assert found.cause == "time stamp"


def test_the_curve_is_a_row_of_blocks():
    """From the first key to the last."""
    found = report(sample_of([f"k{at}" for at in range(100)]))
    assert found is not None
    assert curve(found)[-1] == "█"
    assert len(curve(found)) == 24


def test_keys_that_are_not_the_first_suspects_say_whose_they_are(gateway):
    """And no advice about the first one rests on them."""
    first = gateway.suspects[0]
    other = {**first, "message": "exporter state", "template": "exporter state backlog=<*>", "slot": None}
    second = replace(gateway, suspects=(other, first))
    assert key_called(gateway.keys[0], gateway) == "key"
    assert key_called(gateway.keys[0], second) == "key of suspect 2"
    assert facts_of(gateway).key_part == "time stamp"
    assert facts_of(second).key_part is None


def test_one_value_that_always_comes_is_no_key():
    """A gauge that reads 1 in every line has nothing to show under a microscope."""
    certificate = replace(example_certificate(), keys=())
    kept = []
    for values in (["1"] * 50, ["1", "2"] * 25):
        looked = Looked(certificate.service, "state", "inflight", sample_of(values))
        [told] = with_keys(Case((certificate,), {}, "gctail"), [looked]).certificates
        kept.append(len(told.keys))
    assert kept == [0, 1]
