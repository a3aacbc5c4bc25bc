"""`gctail postmortem --profile`: what a heap profile adds to a certificate, and how it is told."""

import json
import tarfile
from pathlib import Path

import pytest
from msgspec.structs import replace

from certificates import bare_certificate, example_certificate
from gctail.golang.profiles import read_profile
from gctail.palette import Palette
from gctail.postmortem.certificate import Case
from gctail.postmortem.held import with_profiles
from gctail.postmortem.pen import WIDTH, Pen
from gctail.postmortem.proofs import proven
from gctail.postmortem.text_proofs import profile_text
from gctail.report import html
from postmortem_cases import certificate_of

GATEWAY = Path(__file__).parent.parent.parent / "samples" / "gateway"
LOG = GATEWAY / "gateway-go1.26.log.gz"
BEFORE, AFTER = GATEWAY / "gateway-go1.26-before.pb.gz", GATEWAY / "gateway-go1.26-after.pb.gz"
TEXT = GATEWAY / "gateway-go1.26-after.txt"


def test_two_profiles_say_what_grew_in_whichever_order_they_come():
    """The line of the sessions first; the sentence gives both sizes and the time between."""
    certificate = certificate_of(LOG, "--profile", BEFORE, "--profile", AFTER)
    assert certificate.profile is not None
    assert certificate.profile.files == (str(BEFORE), str(AFTER))
    first = certificate.holds[0]
    assert (first.function, first.file, first.line) == ("main.newSession", "gctail.example/gateway/main.go", 53)
    assert first.grown_mib == pytest.approx(first.mib, rel=0.4)
    assert first.share > 0.8
    assert first.callers[1].startswith("main.logIn gctail.example/gateway/main.go:")
    turned = certificate_of(LOG, "--profile", AFTER, "--profile", BEFORE)
    assert (turned.profile, turned.holds) == (certificate.profile, certificate.holds)


def test_one_profile_says_what_is_held_in_either_form():
    """Nothing is said of growth."""
    for file in (AFTER, TEXT):
        certificate = certificate_of(LOG, "--profile", file)
        assert certificate.holds[0].function == "main.newSession"
        assert [each.grown_mib for each in certificate.holds] == [None] * len(certificate.holds)
        assert sum(each.share for each in certificate.holds) <= 1.0


def test_the_profile_changes_the_advice():
    """Who has a profile is not told to take one."""
    told = {each.id: each for each in certificate_of(LOG, "--profile", AFTER).advice}
    assert "two-profiles" not in told
    assert "of what is in use was allocated by main.newSession" in told["profile-holder"].evidence[0]
    assert "two-profiles" in {each.id for each in certificate_of(LOG).advice}


def test_the_text_is_plain_and_fits(gctail):
    """80 columns; size, share, function and place on one line, why below it."""
    done = gctail("postmortem", LOG, "--profile", BEFORE, "--profile", AFTER)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.decode().splitlines()
    assert max(map(len, lines)) <= WIDTH
    at = lines.index("What the heap profiles hold")
    assert lines[at + 1].startswith("  In use were ")
    told = lines[at + 2].split()
    assert told[0].startswith("+")
    assert told[3:] == ["main.newSession", "gateway/main.go:53"]
    assert "called by main.logIn, main.main" in lines[at + 3]
    assert any("a sync.Map grows" in line for line in lines)


def test_json_has_the_profile_too(gctail):
    """In the certificate, with every figure."""
    done = gctail("postmortem", LOG, "--profile", AFTER, "--json")
    [service] = json.loads(done.stdout)["services"]
    assert service["certificate"]["profile"]["measure"] == "inuse"
    assert service["certificate"]["holds"][0]["line"] == 53


def test_the_page_shows_it():
    """One row a line of the program; whole names in the titles."""
    page = html(Case((example_certificate(),), {}, "gctail")).decode()
    assert "Held, says the heap profile" in page
    assert "a map grows" in page
    assert "+102 MiB" in page
    assert "Held, says" not in html(Case((bare_certificate(),), {}, "gctail")).decode()


def test_a_profile_of_allocations_says_that_it_does_not_tell_what_is_held():
    """Some profilers write alloc_space alone."""
    profile = read_profile(AFTER.read_bytes())
    stacks = tuple(replace(each, inuse_bytes=0, inuse_objects=0) for each in profile.stacks)
    certificate = with_profiles(bare_certificate(), [("allocs", replace(profile, stacks=stacks))])
    assert certificate.profile is not None
    assert certificate.profile.measure == "alloc"
    assert "not what is held" in certificate.profile.sentence
    assert certificate.holds[0].mib > 10


def test_the_profile_belongs_to_the_service_whose_executable_it_names():
    """Where none is named so, to the worst one."""
    profile = read_profile(AFTER.read_bytes())
    case = Case((bare_certificate(), replace(bare_certificate(), service="gateway")), {}, "gctail")
    assert [bool(each.holds) for each in proven(case, [("p", profile)]).certificates] == [False, True]
    other = replace(profile, program="/usr/bin/other")
    assert [bool(each.holds) for each in proven(case, [("p", other)]).certificates] == [True, False]


def test_nothing_that_a_profile_says_reaches_a_terminal():
    """Names of functions and files are text from outside like any other."""
    hostile = "\x1b]0;owned\x07\u202egnp" * 20
    hold = replace(
        example_certificate().holds[0], function=hostile, file=hostile, through=hostile, callers=(hostile,) * 3
    )
    certificate = replace(example_certificate(), holds=(hold,))
    text = "\n".join(profile_text(certificate, Pen(Palette(colour=False))))
    assert not set(text) & {"\x1b", "\x07", "\u202e"}
    assert max(map(len, text.splitlines())) <= WIDTH


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "there is no such file"),
        (b"404 page not found\n", "cannot be read as a heap profile: it is an error of the web server"),
        (b"", "cannot be read as a heap profile: it is empty"),
    ],
)
def test_what_is_no_profile_is_told_in_a_sentence(gctail, tmp_path, content, message):
    """What, where, what to do; status 2."""
    file = tmp_path / "heap.pb.gz"
    if content is not None:
        file.write_bytes(content)
    done = gctail("postmortem", LOG, "--profile", file)
    assert done.returncode == 2
    assert message in done.stderr.decode()
    assert str(file) in done.stderr.decode()


def test_three_profiles_are_too_many(gctail):
    """Two can be compared."""
    done = gctail("postmortem", LOG, *["--profile", AFTER] * 3)
    assert (done.returncode, b"one is read, or two are compared" in done.stderr) == (2, True)


def test_a_bundle_holds_the_profiles_unless_it_is_redacted(gctail, tmp_path):
    """A binary cannot be redacted; the certificate keeps what it said."""
    whole, shared = tmp_path / "whole.tar.gz", tmp_path / "shared.tar.gz"
    gctail("postmortem", LOG, "--profile", BEFORE, "--profile", AFTER, "--bundle", whole)
    again = gctail("postmortem", whole)
    assert b"What the heap profiles hold" in again.stdout, again.stderr
    told = gctail("postmortem", LOG, "--profile", AFTER, "--redact", "--bundle", shared)
    assert b"a profile cannot be redacted" in told.stderr
    with tarfile.open(shared) as tar:
        assert not [name for name in tar.getnames() if name.endswith(".pb")]
