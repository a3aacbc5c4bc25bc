"""Sharing a case: what is redacted, what a bundle holds, and what happens to one that somebody has tampered with."""

import gzip
import io
import json
import tarfile

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from certificates import example_case, example_certificate
from gctail.postmortem.certificate import Key
from gctail.postmortem.redaction import Redactor, luhn
from postmortem_cases import LOGS, certificate_of

SECRET = [  # a line, and what must not be left of it
    ('user=alice msg="hello"', "alice"),
    ('{"user_id":12345,"x":1}', "12345"),
    ("login from 10.11.12.13:8080", "10.11.12.13"),
    ("peer [2001:db8::17]:443 gone", "2001:db8::17"),
    ("mail to bob.smith+x@example.co.uk failed", "bob.smith"),
    ('password="hunter2hunter" ok', "hunter2hunter"),
    ("DB_PASSWORD=s3cr3tpw", "s3cr3tpw"),
    ("dial postgres://app:pw12345@db/x", "pw12345"),
    ("Authorization: Bearer abc.def-ghi_jkl", "abc.def-ghi_jkl"),
    ("jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3", "eyJzdWIiOiIx"),
    ("aws AKIAIOSFODNN7EXAMPLE used", "AKIAIOSFODNN7EXAMPLE"),
    ("pay 4111 1111 1111 1111 now", "4111 1111 1111 1111"),
    ("pay 4111111111111111 now", "4111111111111111"),
    ("GET /api/v1/users/88054 200", "88054"),
    ("read /home/carol/x.yaml", "carol"),
    ('{"accessToken":"abcd-efgh","n":1}', "abcd-efgh"),
    ('password="two words here" ok', "two words here"),
    ('{"msg":"user=\\"dave\\" said so"}', "dave"),
    ("mydbpassword: hush-hush", "hush-hush"),
    ("dial tcp peer:10.11.12.13:5432", "10.11.12.13"),
    ("GET /users/jürgen 200", "jürgen"),
    ("pay 3782-822463-10005 now", "3782-822463-10005"),
    ("secret_key = 'x-y-z-1'", "x-y-z-1"),
    ("key glpat-abcdefghijklmnopqrst used", "glpat-abcdefghijklmnopqrst"),
    ("blob Zm9vYmFyMTIzNDU2Nzg5MGFiY2RlZmdoaWprbG1ub3A end", "Zm9vYmFyMTIz"),
]
KEPT = [
    "gc 18 @4.210s 1%: 0.038+3.4+0.007 ms clock, 0.15+0.16/3.1/0+0.030 ms cpu, 80->83->41 MB, 84 MB goal, 4 P",
    "\truntime/asm_amd64.s:1700 +0x1 fp=0xc0000397e8 sp=0xc0000397e0 pc=0x472001",
    "Memory cgroup out of memory: Killed process 22086 (gateway) total-vm:1528552kB, anon-rss:261236kB, UID:1000",
    "at 2026-11-23T08:52:40.733Z order 4111111111111112 took 12:34:56",
    "listening on 127.0.0.1:8080 and [::1]:8080",
    "golang.org/x/net@v0.17.0/http2.(*Framer).ReadFrame",
    "bypass=true compass: north key=product:2454 tokens=12 monkey=see",
    "[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x4e26ed]",
]


@pytest.mark.parametrize(("line", "secret"), SECRET)
def test_what_looks_secret_is_replaced(line, secret):
    """And the rest of the line stays."""
    redactor = Redactor(b"k" * 32)
    told = redactor.text(line)
    assert secret not in told
    assert told.split(secret)[0][:4] == line[:4]
    assert sum(each.times for each in redactor.told()) == 1


@pytest.mark.parametrize("line", KEPT)
def test_what_is_no_secret_stays(line):
    """Lines of the runtime and of the kernel, times, local addresses, numbers that fail the check digit."""
    assert Redactor(b"k" * 32).text(line) == line


def test_a_line_of_the_kernel_protects_only_itself():
    """Its numbers stay, and the user of the line before does not."""
    told = Redactor(b"k" * 32).data(b"user=alice\nKilled process 7 (x) total-vm:1kB, UID:1000\nuser=alice\n")
    assert b"alice" not in told
    assert b"UID:1000" in told


def test_fields_of_a_case_count_by_their_names():
    """The values of a slot, and what a detail is called, tell as much as a log line does."""
    certificate = example_certificate()
    key = Key("login", "user", 2, None, (("alice", 3), ("bob", 2)))
    cause = replace(certificate.cause, details={"password": "hunter2", "pid": 7})
    case = replace(example_case(), certificates=(replace(certificate, keys=(key,), cause=cause),))
    plain = msgspec.json.encode(Redactor(b"k" * 32).case(case))
    for secret in (b"alice", b"hunter2", b'"bob"'):
        assert secret not in plain


def test_a_value_gets_the_same_pseudonym_everywhere_and_another_with_another_key():
    """So that a story can still be followed, and nobody can guess values from it."""
    redactor = Redactor(b"k" * 32)
    one, two = redactor.text("user=alice"), redactor.text('{"user":"alice"}')
    assert one.partition("=")[2] in two
    assert Redactor(b"x" * 32).text("user=alice") != one
    assert json.loads(redactor.text('{"user_id":12345}'))["user_id"] != 12345


SENSITIVE = (
    "user=alice ", '{"user":"alice"} ', "ip=10.9.8.7 ", "email=alice@example.com ", "token=abcdef0123456789abcdef ",
    "password: hunter2 ", "/home/alice/x ", "2001:db8::1 ", "session=", "user:", "=", " ", "\n", '"', ",",
)  # fmt: skip
NO_DIGITS = st.text(st.characters(exclude_categories=["Nd"]), max_size=8)


@given(st.lists(st.sampled_from(SENSITIVE) | NO_DIGITS, max_size=8).map("".join))
def test_a_text_that_was_redacted_is_not_redacted_once_more(text):
    """Somebody shares a case that was shared with him. Only digits, which become other digits, look as if untouched."""
    redactor = Redactor(b"k" * 32)
    once = redactor.text(text)
    assert redactor.text(once) == once


@given(st.text(max_size=200))
def test_redaction_never_fails(text):
    """Whatever it is given; lines stay lines."""
    assert Redactor(b"k" * 32).text(text).count("\n") == text.count("\n")


def test_the_check_digit_of_cards():
    """Luhn's."""
    assert luhn("4111111111111111")
    assert luhn("378282246310005")
    assert not luhn("4111111111111112")


@pytest.fixture
def bundle(gctail, tmp_path):
    """A case of a service that was killed, with secrets in its log."""
    log = tmp_path / "service.log"
    secret = b"time=2026-11-23T08:52:40.5Z level=info msg=login user=alice ip=10.9.8.7 email=alice@example.com\n"
    text = (LOGS / "unbounded-map-go1.27.log").read_bytes()
    middle = text.index(b"\n", len(text) // 2) + 1
    log.write_bytes(text[:middle] + secret + text[middle:])
    kernel = LOGS / "unbounded-map-go1.27.kernel.log"

    def make(*more):
        path = tmp_path / "case.tar.gz"
        done = gctail("postmortem", log, "--kernel-log", kernel, "--bundle", path, *more)
        assert done.returncode == 0, done.stderr
        return path, done

    return make


def test_a_bundle_reproduces_its_verdict_elsewhere(bundle, gctail, tmp_path):
    """Without the files that it was made from."""
    path, _ = bundle()
    (tmp_path / "service.log").unlink()
    done = gctail("postmortem", path)
    assert done.returncode == 0, done.stderr
    assert b"killed by the kernel at its memory limit of 256 MiB" in done.stdout
    assert b"judged again here: the same" in done.stdout
    with tarfile.open(path) as tar:
        names = {name.partition("/")[2] for name in tar.getnames()}
    assert {"manifest.json", "case.json", "report.json", "report.txt", "report.md", "report.html"} <= names


def test_a_redacted_bundle_holds_no_secret_in_any_of_its_files(bundle, gctail):
    """It says what was replaced, and still reproduces the verdict."""
    path, done = bundle("--redact")
    assert b"email" in done.stderr
    with tarfile.open(path) as tar:
        for member in tar:
            data = tar.extractfile(member).read()
            for secret in (b"alice", b"10.9.8.7", b"uid_880576#"):
                assert secret not in data, member.name
    again = gctail("postmortem", path)
    assert b"judged again here: the same" in again.stdout
    assert b"redacted: " in again.stdout


def test_a_bundle_that_was_tampered_with_harms_nobody(bundle, gctail, tmp_path):
    """Paths out of the folder, links and strange members are not even looked at; a broken one is told in a sentence."""
    path, _ = bundle()
    evil = tmp_path / "evil.tar.gz"
    with tarfile.open(path) as good, tarfile.open(evil, "w:gz") as bad:
        for member in good:
            bad.addfile(member, good.extractfile(member))
        for name in ("gctail-case/../../escaped", "/escaped", "../escaped"):
            info = tarfile.TarInfo(name)
            info.size = 4
            bad.addfile(info, io.BytesIO(b"evil"))
        link = tarfile.TarInfo("gctail-case/link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        bad.addfile(link)
    assert gctail("postmortem", evil).returncode == 0
    assert not list(tmp_path.parent.rglob("escaped"))
    whole = gzip.decompress(path.read_bytes())
    broken = tmp_path / "broken.tar.gz"
    broken.write_bytes(gzip.compress(whole[: len(whole) // 2]))
    done = gctail("postmortem", broken)
    assert done.returncode == 2
    assert done.stderr.startswith(b"gctail: ")
    assert b"Traceback" not in done.stderr


def test_of_a_large_log_the_part_is_kept_that_judges_alike():
    """Every line of the runtime, the head, the tail, and what surrounds the moments."""
    from gctail.runners import bundle as bundles

    text = (LOGS / "unbounded-map-go1.27.log").read_bytes()
    large = text + b"".join(b"2026/11/23 08:52:41 filler %d\n" % at for at in range(400_000))
    pieces = [large[at : at + (1 << 20)] for at in range(0, len(large), 1 << 20)]
    kept = b"".join(bundles._relevant(iter(pieces), len(large), [300_000]))
    assert len(kept) < len(large) // 2
    assert kept.count(b"\ngc ") == text.count(b"\ngc ")
    assert kept.endswith(large[-1000:])


def test_every_form_can_be_asked_for(gctail, tmp_path):
    """A page, a chart, Markdown and JSON; JSON has the promised fields."""
    log = LOGS / "go-out-of-memory-go1.23.log.gz"
    page, chart, ticket = tmp_path / "r.html", tmp_path / "r.svg", tmp_path / "r.md"
    done = gctail("postmortem", log, "--html", page, "--svg", chart, "--markdown", ticket, "--json")
    assert done.returncode == 0, done.stderr
    assert page.read_bytes().startswith(b"<!")
    assert b"<svg" in chart.read_bytes()
    assert ticket.read_text().startswith("### ")
    told = json.loads(done.stdout)
    [service] = told["services"]
    assert service["death"]["cause"] == "go-out-of-memory"
    assert service["death"]["confidence"] > 0.9
    assert all(place["offset"] > 0 for place in service["death"]["places"])
    assert {"service", "epochs", "collections", "verdict", "suspects", "last_lines", "findings"} <= set(service)
    assert told["input"]["gc_lines"] == service["collections"]
    assert gctail("postmortem", log, "--markdown").stdout.startswith(b"### ")


def test_a_healthy_run_before_is_compared(tmp_path):
    """The same service, well before and leaking now: what differs after as long a time."""
    well = tmp_path / "service.previous.log"
    lines = [as_line(number, 8 + number % 2) for number in range(1, 61)]
    well.write_text("".join(f"{line}\n" for line in lines) + "INFO server stopped\n")
    ill = tmp_path / "service.log"
    lines = [as_line(number, 8 + 2 * number) for number in range(1, 61)]
    ill.write_text("".join(f"{line}\n" for line in lines) + "signal: killed\n")
    certificate = certificate_of(ill, well)
    assert certificate.cause.name == "sigkill"
    assert certificate.epochs == 2
    assert certificate.comparison is not None
    live = next(row for row in certificate.comparison.rows if row.name == "live heap")
    assert live.before is not None
    assert live.now > 5 * live.before


def as_line(number: int, live: int) -> str:
    """A gctrace line with that live heap, one every two seconds."""
    return (
        f"gc {number} @{2 * number}.000s 1%: 0.038+1.4+0.007 ms clock, 0.15+0.16/1.1/0+0.030 ms cpu, "
        f"{2 * live}->{2 * live}->{live} MB, {2 * live} MB goal, 0 MB stacks, 0 MB globals, 4 P"
    )
