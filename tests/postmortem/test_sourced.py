"""`gctail postmortem --source`: from a suspect's line, and from a heap profile, to the container that only grows."""

import json

import pytest
from msgspec.structs import replace

from certificates import bare_certificate
from gctail.golang.source import read_sources
from gctail.palette import Palette
from gctail.postmortem.pen import WIDTH, Pen
from gctail.postmortem.sourced import is_same_file, is_same_function, with_source
from gctail.postmortem.text_proofs import source_text
from gctail.sources.gofiles import GoFiles
from postmortem_cases import LOGS, certificate_of

GATEWAY = LOGS.parent / "gateway"
LOG = GATEWAY / "gateway-go1.26.log.gz"
PROFILES = ("--profile", GATEWAY / "gateway-go1.26-before.pb.gz", "--profile", GATEWAY / "gateway-go1.26-after.pb.gz")
PUT = {
    "template": "WARN [SessionCache] putIfAbsent(key=<*>, value=Session{...}) → size=<*>",
    "message": "[SessionCache] putIfAbsent(key=, value=Session{...}) → size=",
    "slot": "key",
    "share": 0.9,
    "example": "2026-11-27T14:56:36.182Z WARN [SessionCache] putIfAbsent(key=uid_9#device_1, value=Session{...}) → size=4",
}
INNOCENT = {"template": "nobody writes this at all <*>", "message": "nobody writes this at all", "example": ""}


@pytest.fixture(scope="module")
def sources():
    """The source of the gateway."""
    return read_sources(GoFiles(str(GATEWAY)))


def test_a_suspect_leads_to_its_log_call_and_to_the_map_that_is_filled_there(sources):
    """The call is in logIn, the map is filled by what logIn calls."""
    certificate = with_source(replace(bare_certificate(), suspects=(PUT, INNOCENT)), sources)
    first, second = certificate.suspects
    assert (first["source"]["file"], first["source"]["function"]) == ("main.go", "logIn")
    assert [each["name"] for each in first["source"]["containers"]] == ["SessionCache.sessions"]
    assert second["source"] is None
    call, container = certificate.places
    assert call.says.startswith('logs "… WARN [SessionCache] putIfAbsent(key=')
    assert (container.symbol, container.file) == ("SessionCache.sessions", "main.go")
    assert "(*SessionCache).putIfAbsent writes it at main.go:47 (key key)" in container.says
    assert "nothing deletes from it" in container.says


def test_a_map_that_not_every_path_empties_is_a_question():
    """It is filled where the line is written, and something deletes from it elsewhere."""
    code = (
        b'package main\nimport "log"\nvar open = map[string]int{}\n'
        b'func start(id string) {\n\topen[id] = 1\n\tlog.Print("payment started")\n}\nfunc Ended(id string) { delete(open, id) }\n'
    )
    suspect = {"template": "payment started", "message": "payment started", "example": "payment started"}
    certificate = with_source(replace(bare_certificate(), suspects=(suspect,)), read_sources([("pay.go", code)]))
    _, place = certificate.places
    assert (place.symbol, place.grows) == ("open", False)
    assert place.says == (
        "map[string]int: start writes it at pay.go:5; pay.go:8 takes from it or replaces it: does every path come there, "
        "and often enough?"
    )


def test_what_the_function_of_a_suspect_leaves_open_is_a_place():
    """A deadline of hours whose cancel is not called on every way out."""
    code = (
        b'package main\nimport ("context"; "log"; "time")\nfunc quote(ctx context.Context) {\n'
        b"\tctx, cancel := context.WithTimeout(ctx, 6*time.Hour)\n"
        b'\tif blocked(ctx) {\n\t\tlog.Print("order rejected")\n\t\treturn\n\t}\n\tcancel()\n}\n'
    )
    suspect = {"template": "order rejected", "message": "order rejected", "example": "order rejected"}
    certificate = with_source(replace(bare_certificate(), suspects=(suspect,)), read_sources([("quote.go", code)]))
    _, place = certificate.places
    assert (place.file, place.line, place.symbol) == ("quote.go", 4, "quote")
    assert place.says == (
        "context.WithTimeout gives it cancel, which no defer calls: on a way out without it the context stays, with all it holds"
    )


def test_a_heap_profile_leads_to_the_map_that_keeps_what_was_made():
    """Sessions are made in newSession; whoever calls it puts them into one map only."""
    certificate = certificate_of(LOG, *PROFILES, "--source", GATEWAY)
    first = certificate.holds[0]
    assert (first.function, first.kept_in, first.container) == ("main.newSession", "SessionCache.sessions", "")
    assert "SessionCache.sessions" in {place.symbol for place in certificate.places}
    written = {hold.line: hold.container for hold in certificate.holds if hold.container}
    assert written == {47: "SessionCache.sessions", 66: "audit", 68: "visits"}


def test_a_hold_names_the_suspect_that_its_callers_log(sources):
    """The stack of the memory passes through the function of the log call."""
    held = certificate_of(LOG, *PROFILES)
    certificate = with_source(replace(held, suspects=(PUT,)), sources)
    assert certificate.holds[0].suspect == PUT["message"]
    assert {hold.suspect for hold in certificate.holds if "main.record" in hold.function} == {""}


def test_a_leak_without_a_suspect_lists_what_only_grows(sources):
    """And says that nothing in the log leads there."""
    certificate = with_source(replace(certificate_of(LOG), suspects=()), sources)
    assert {place.symbol for place in certificate.places} == {"SessionCache.sessions", "audit", "visits"}
    assert all("no suspect leads here" in place.says for place in certificate.places)


def test_a_service_that_does_not_leak_gets_no_places(sources):
    """What only grows is no accusation."""
    assert with_source(bare_certificate(), sources).places == ()


def test_the_text_fits(sources):
    """Place and symbol, then why."""
    certificate = with_source(replace(bare_certificate(), suspects=(PUT,)), sources)
    lines = list(source_text(certificate, Pen(Palette(colour=False))))
    assert lines[2] == "  main.go:62  logIn"
    assert max(map(len, lines)) <= WIDTH


def test_a_bundle_keeps_what_the_source_said(gctail, tmp_path):
    """Whoever gets it has no source."""
    bundle = tmp_path / "case.tar.gz"
    gctail("postmortem", LOG, *PROFILES, "--source", GATEWAY, "--bundle", bundle)
    done = gctail("postmortem", bundle, "--json")
    [service] = json.loads(done.stdout)["services"]
    assert "SessionCache.sessions" in {place["symbol"] for place in service["certificate"]["places"]}
    assert service["certificate"]["holds"][0]["kept_in"] == "SessionCache.sessions"


def test_a_folder_without_source_is_told(gctail, tmp_path):
    """Neither a folder that is not there, nor one without a Go file."""
    for folder, message in ((tmp_path / "absent", "no such file or folder"), (tmp_path, "there is no Go source in it")):
        done = gctail("postmortem", LOG, "--source", folder)
        assert (done.returncode, message in done.stderr.decode()) == (2, True)


@pytest.mark.parametrize(
    ("compiled", "written", "same"),
    [
        ("main.logIn", "logIn", True),
        ("main.logIn.func1", "logIn", True),
        ("main.logIn.func1.2", "logIn", True),
        ("main.logIn.gowrap1", "logIn", True),
        ("github.com/acme/shop/cache.(*Cache[...]).Put", "(*Cache).Put", True),
        ("github.com/acme/shop/cache.(*Cache[go.shape.string,a/b.T]).Put-range1", "(*Cache).Put", True),
        ("main.logInAgain", "logIn", False),
        ("main.(*Other).Put", "(*Cache).Put", False),
    ],
)
def test_functions_are_the_same_as_the_compiler_names_them_and_as_they_are_written(compiled, written, same):
    """Type arguments, closures and wrappers are the compiler's."""
    assert is_same_function(compiled, written) is same


@pytest.mark.parametrize(
    ("compiled", "written", "same"),
    [
        ("gctail.example/gateway/main.go", "main.go", True),
        ("/src/shop/cache/session.go", "cache/session.go", True),
        ("C:\\src\\shop\\cache\\session.go", "cache/session.go", True),
        ("/src/shop/mycache/session.go", "cache/session.go", False),
        (None, "main.go", False),
    ],
)
def test_files_are_the_same_whatever_lies_above_the_folder(compiled, written, same):
    """A path of the machine that built it, or a trimmed one."""
    assert is_same_file(compiled, written) is same


def test_a_summary_leads_to_what_its_number_counts():
    """Nothing is filled where the line is written: its number is the length of a map that another function fills."""
    code = (
        b'package main\nimport "log/slog"\nvar pending = map[int]int{}\n'
        b'func Stats() {\n\tslog.Info("broker stats", "pending_acks", len(pending))\n}\n'
        b"func Publish(id int) { pending[id] = 1 }\nfunc Ack(id int) { delete(pending, id) }\n"
    )
    suspect = {"template": "broker stats", "message": "broker stats", "example": "", "field": "pending_acks"}
    certificate = with_source(replace(bare_certificate(), suspects=(suspect,)), read_sources([("mq.go", code)]))
    call, place = certificate.places
    assert call.says == 'logs "broker stats", whose pending_acks is len(pending)'
    assert (place.symbol, place.says.partition(";")[0]) == ("pending", "map[int]int: Publish writes it at mq.go:7")
