"""The commands, as a user gives them: what they print, what they exit with, and what they say when it goes wrong."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from gctail.parsing.times import parse_time
from gctail.sinks.silence import parse_silence

GC = (
    "gc {n} @{t:.3f}s 1%: 0.038+0.34+0.007 ms clock, 0.076+0.16/0.057/0+0.014 ms cpu, {h}->{h}->{l} MB, {g} MB goal, "
    "0 MB stacks, 0 MB globals, 2 P"
)


def gc(number, *, live=10, every_s=1.0):
    return GC.format(n=number, t=number * every_s, h=live * 2, l=live, g=live * 2)


def growing(count, *, mib_per_cycle=3):
    """A service that keeps 3 MiB more at every collection, and says that it serves."""
    return "".join(
        f'time=2026-11-23T03:{n // 60 % 60:02d}:{n % 60:02d}Z level=info msg="request processed" id={n}\n'
        + gc(n, live=8 + n * mib_per_cycle)
        + "\n"
        for n in range(1, count + 1)
    )


@pytest.fixture
def log(tmp_path):
    def write(text, name="pay.log"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def test_a_leak_is_told_in_a_few_lines(gctail, log):
    """What is wrong, how fast, and when the memory is gone: at a glance."""
    done = gctail(log(growing(300)), "--limit", "1GiB")
    text = done.stdout.decode()
    assert done.returncode == 0
    assert "pay: LEAK" in text
    assert "the limit of 1024 MiB" in text
    block = text[text.index("pay: LEAK") :]
    assert len(block.splitlines()) <= 10


def test_a_steady_service_is_let_alone(gctail, log):
    """Wrong alarms make people turn it off."""
    steady = "".join(gc(n, live=50 + n % 2) + "\n" for n in range(1, 400))
    done = gctail(log(steady), "--fail-on", "info")
    assert done.returncode == 0
    assert "LEAK" not in done.stdout.decode()


def test_fail_on_is_for_scripts(gctail, log):
    """Exit status 1 when something was found that is bad enough."""
    path = log(growing(300))
    assert gctail(path, "--limit", "1GiB", "--fail-on", "warning").returncode == 1
    assert gctail(path, "--limit", "1GiB").returncode == 0


def test_json_is_one_object_with_the_promised_names(gctail, log):
    """Other programs read it: the names are a contract."""
    told = json.loads(gctail(log(growing(200)), "--output", "json").stdout)
    service = told["services"][0]
    assert set(service) >= {
        "service", "epochs", "collections", "verdict", "death", "suspects", "last_lines", "findings"
    }  # fmt: skip
    assert set(service["verdict"]) >= {"leak", "probability", "kind", "onset_uptime_s", "rate_mib_per_s", "forecast"}
    assert set(told["input"]) >= {"bytes", "lines", "gc_lines", "mended", "unreadable", "ledger"}
    assert service["verdict"]["leak"] is True
    assert service["last_lines"][-1].endswith("id=200")
    assert told["input"]["gc_lines"] == 200


def test_growth_that_is_called_a_leak_is_not_told_to_have_ended_as_growth(gctail, root):
    """Programs close the one incident and open the other; who reads is told of the leak."""
    path = root / "samples" / "logs" / "restart-go1.27.log.gz"
    told = [json.loads(line) for line in gctail(path, "--output", "jsonl").stdout.splitlines()]
    closed = next(each for each in told if each["evidence"].get("goes_on_as"))
    assert (closed["kind"], closed["evidence"]["phase"], closed["evidence"]["goes_on_as"]) == (
        "growing",
        "resolved",
        "leak",
    )
    assert closed["summary"] not in gctail(path).stdout.decode()


def test_jsonl_is_one_finding_a_line(gctail, log):
    """Nothing else stands on standard output."""
    lines = gctail(log(growing(300)), "--limit", "600MiB", "--output", "jsonl").stdout.splitlines()
    findings = [json.loads(line) for line in lines]
    assert findings
    for finding in findings:
        assert finding["type"] == "finding"
        assert set(finding) >= {
            "id", "kind", "severity", "service", "epoch", "time", "uptime_s", "offset", "summary", "evidence",
            "suspects", "lines", "advice",
        }  # fmt: skip
    assert len({finding["id"] for finding in findings}) == len(findings)


def test_the_same_log_gives_the_same_ids(gctail, log):
    """Sinks drop doubles by them."""
    path = log(growing(300))
    assert gctail(path, "--output", "jsonl").stdout == gctail(path, "--output", "jsonl").stdout


def test_records_has_every_field_of_a_collection(gctail, log):
    """Absent facts are null, not left out."""
    told = json.loads(gctail("records", log(gc(7) + "\n")).stdout)
    assert set(told) >= {
        "type", "service", "origin", "offset", "time", "epoch", "number", "uptime_s", "gc_cpu_percent", "clock_ms",
        "cpu_ms", "heap_start_mib", "heap_end_mib", "heap_marked_mib", "heap_live_mib", "goal_mib", "stacks_mib",
        "globals_mib", "procs", "forced", "leak_check", "go", "mended",
    }  # fmt: skip
    assert (told["type"], told["number"], told["heap_live_mib"], told["go"]) == ("gc", 7, 10, "1.18+")
    assert told["time"] is None


def test_records_counts_every_line_on_standard_error(gctail, log):
    """What was read as what adds up."""
    done = gctail(
        "records", log(growing(3) + "fatal error: out of memory\n\ngoroutine 1 [running]:\nmain.main()\n\t/a.go:1\n")
    )
    assert b"11 lines read: 1 death, 3 gc; 3 of the application" in done.stderr


def test_records_can_give_the_applications_lines_back(gctail, log):
    """Whole, even those that were torn."""
    torn = "INFO a id=1\ngc 2 @1.000s 1%: 0.038+INFO b id=2\n" + gc(2)[gc(2).index("0.34") :] + "\nINFO c id=3\n"
    told = [
        json.loads(line) for line in gctail("records", "--lines", log("INFO z id=0\n" * 5 + torn)).stdout.splitlines()
    ]
    assert [each["text"] for each in told if each["type"] == "line"][5:] == [
        "INFO a id=1",
        "INFO b id=2",
        "INFO c id=3",
    ]
    assert [each["mended"] for each in told if each["type"] == "gc"] == [True]


def test_standard_input_and_several_files(gctail, log):
    """`-` is a file like others; each file is a service unless the lines say otherwise."""
    done = gctail("--output", "json", "-", log(growing(20), "cart.log"), stdin=growing(30).encode())
    told = {each["service"]: each["collections"] for each in json.loads(done.stdout)["services"]}
    assert told == {"stdin": 30, "cart": 20}


def test_since_and_until_cut_the_log(gctail, log):
    """By the times of the lines around, where the collections have none of their own."""
    done = gctail("records", log(growing(120)), "--since", "2026-11-23T03:01:00Z", "--until", "2026-11-23T03:01:30Z")
    numbers = [json.loads(line)["number"] for line in done.stdout.splitlines()]
    assert numbers[0] in range(58, 63)
    assert numbers[-1] in range(88, 93)
    assert gctail("records", log(growing(120)), "--since", "-30s").stdout.count(b"\n") in range(28, 34)


def test_a_service_can_be_chosen(gctail, log):
    """One of several that share a log."""
    text = "".join(f"{name}-1  | {gc(n)}\n" for n in range(1, 30) for name in ("pay", "cart"))
    told = json.loads(gctail(log(text), "--service", "pay-1", "--output", "json").stdout)
    assert [each["service"] for each in told["services"]] == ["pay-1"]


@pytest.mark.parametrize("command", [(), ("records",)])
def test_a_missing_file_is_one_sentence(gctail, command, tmp_path):
    """What, where, what to do; never a traceback."""
    done = gctail(*command, tmp_path / "nothing.log")
    assert done.returncode == 2
    assert done.stdout == b""
    assert len(done.stderr.splitlines()) == 1 or command
    assert b"nothing.log" in done.stderr
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"", b"empty"), (b"\x7fELF" + bytes(range(256)) * 300, b"program")],
)
def test_what_is_no_log_is_said_to_be_none(gctail, log, content, said):
    """An empty file, a program."""
    done = gctail(log(content))
    assert done.returncode == 2
    assert said in done.stderr
    assert b"Traceback" not in done.stderr


def test_one_bad_file_does_not_spoil_the_others(gctail, log, tmp_path):
    """The others are read, the exit status tells."""
    done = gctail(tmp_path / "nothing.log", log(growing(30)))
    assert done.returncode == 2
    assert b"30 collections" in done.stdout
    assert b"nothing.log" in done.stderr


def test_a_log_without_collections_says_what_to_do(gctail, log):
    """GODEBUG=gctrace=1 was forgotten."""
    done = gctail(log("INFO hello\n" * 100))
    assert done.returncode == 0
    assert b"GODEBUG=gctrace=1" in done.stdout


@pytest.mark.parametrize(
    ("option", "value"), [("--limit", "2 elephants"), ("--since", "yesterdayish"), ("--wrapper", "paper")]
)
def test_an_option_that_makes_no_sense_is_said_so(gctail, log, option, value):
    """With the value that was given."""
    done = gctail(log(gc(1) + "\n"), option, value)
    assert done.returncode == 2
    assert value.split()[0].encode() in done.stderr
    assert b"Traceback" not in done.stderr


def test_a_closed_pipe_is_silent(gctail_program, log):
    """gctail records big.log | head -1"""
    path = log(growing(20_000))
    with subprocess.Popen([gctail_program, "records", path], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        running.stdout.readline()
        running.stdout.close()
        complaint = running.stderr.read()
        running.wait(timeout=60)
    assert b"Traceback" not in complaint
    assert b"Broken" not in complaint


def test_hostile_text_never_reaches_the_terminal_raw(gctail, log):
    """A log may hold escape sequences; a terminal obeys them."""
    evil = "\x1b]0;owned\x07\x1b[2J\u202eevil"
    text = (
        growing(200) + f"{evil}\nfatal error: out of memory {evil}\n\ngoroutine 1 [running]:\nmain.main()\n\t/a.go:1\n"
    )
    out = gctail(log(text, "a\x1b[31mb.log")).stdout
    assert b"\x1b" not in out
    assert b"\x07" not in out
    assert "\u202e".encode() not in out


def test_explain_tells_a_line_field_by_field(gctail):
    """With its meaning, and the live heap that it implies."""
    out = gctail("explain", gc(18, live=40)).stdout.decode()
    assert "goal_mib" in out
    assert "40 MiB of it were still in use" in out


def test_explain_says_where_a_broken_line_breaks(gctail):
    """The column where it stops making sense."""
    out = gctail("explain", "gc 18 @1.200s 1%: 0.1+0.2+banana ms clock").stdout.decode()
    assert "column" in out


def test_explain_knows_kinds_and_says_which(gctail):
    """And an unknown word is no traceback."""
    assert b"does not come back" in gctail("explain", "leak").stdout
    done = gctail("explain", "banana")
    assert done.returncode == 2
    assert b"leak" in done.stderr


def test_explain_reads_kinds_as_people_write_them_and_knows_what_was_meant(gctail):
    """Capitals and blanks do no harm, and a slip of the pen is answered with the kind that is near."""
    assert gctail("explain", "Map", "Growth").stdout == gctail("explain", "map-growth").stdout
    assert gctail("explain", "leek").stderr == (
        b"gctail: explain: no line of the Go runtime and no kind of finding: 'leek'; did you mean \"leak\"?\n"
    )


def test_explain_knows_the_findings_of_rules(gctail):
    """Of one that gctail brings it tells what it asks for, of the user's own what a rule is."""
    own, shipped = gctail("explain", "rule:mine").stdout, gctail("explain", "rule:fast-growth").stdout
    assert own.startswith(b"rule:NAME: a rule that somebody wrote")
    assert shipped == own.rstrip(b"\n") + (
        b"\n\nfast-growth is one that gctail brings: --enable fast-growth\n"
        b"  when = growth(live, 30s) > 50MiB and collections(30s) < 2\n"
    )


def _following(program, path, *options):
    return subprocess.Popen([program, "-f", path, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0)


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_follow_tells_as_the_file_grows_and_ends_with_a_verdict(gctail_program, log, stop):
    """Growth, rotation by rename, and a clean end."""
    path = log("")
    with _following(gctail_program, path, "--limit", "400MiB", "--output", "jsonl") as running:
        with path.open("a") as out:
            out.write(growing(60))
        path.rename(path.with_suffix(".log.1"))
        with path.open("a") as out:
            out.writelines(gc(n, live=8 + n * 3) + "\n" for n in range(61, 140))
        first = running.stdout.readline()
        time.sleep(0.3)
        running.send_signal(stop)
        rest, complaint = running.communicate(timeout=60)
    assert json.loads(first)["service"] == "pay"
    assert running.returncode == 0
    assert b"Traceback" not in complaint
    assert rest is not None


def test_verbose_draws_a_line_for_every_collection(gctail, log):
    """With a bar of the live heap and the goal."""
    out = gctail(log(growing(5)), "-v", "--limit", "100MiB").stdout.decode()
    assert sum("gc " in line and "[#" in line for line in out.splitlines()) >= 4


def test_a_rule_of_the_user_speaks(gctail, log, tmp_path):
    """In the user's own numbers, beside what the detectors say."""
    rules = tmp_path / "rules.toml"
    rules.write_text('[[rule]]\nname = "big"\nwhen = "live > 200MiB for 10s"\nsummary = "{service} holds {live}"\n')
    findings = [
        json.loads(line)
        for line in gctail(log(growing(100)), "--rules", rules, "--output", "jsonl").stdout.splitlines()
    ]
    big = next(finding for finding in findings if finding["kind"] == "rule:big")
    assert big["summary"].startswith("pay holds 2")
    assert big["severity"] == "warning"


def test_a_rule_about_errors_counts_the_applications_lines(gctail, log, tmp_path):
    """Twenty errors between two collections."""
    rules = tmp_path / "rules.toml"
    rules.write_text('[[rule]]\nname = "errors"\nwhen = "rate(errors, 10s) > 1/s"\n')
    text = growing(30) + 'time=2026-11-23T03:00:31Z level=error msg="cannot reach db"\n' * 40 + gc(31, live=101) + "\n"
    findings = [
        json.loads(line) for line in gctail(log(text), "--rules", rules, "--output", "jsonl").stdout.splitlines()
    ]
    assert "rule:errors" in {finding["kind"] for finding in findings}


@pytest.mark.parametrize("end", ["", "fatal error: runtime: out of memory\n\ngoroutine 1 [running]:\nmain.main()\n\n"])
def test_what_a_rule_said_of_a_process_is_over_when_the_process_is(gctail, log, tmp_path, end):
    """A restart, seen or not, ends it; the next process is judged afresh."""
    rules = tmp_path / "rules.toml"
    rules.write_text('[[rule]]\nname = "big"\nwhen = "live > 100MiB"\ncooldown = "1s"\n')
    text = growing(60) + end + growing(60)
    done = gctail(log(text), "--rules", rules, "--output", "jsonl")
    told = [json.loads(line) for line in done.stdout.splitlines()]
    said = [(each["epoch"], each["evidence"]["phase"]) for each in told if each["kind"] == "rule:big"]
    assert said == [(1, "onset"), (1, "resolved"), (2, "onset")]


def test_a_shipped_rule_can_be_switched_on(gctail, log):
    """gctail brings rules that are off; the old rule of thumb is one of them."""
    fast = log("".join(gc(n, live=20 + 120 * n, every_s=45.0) + "\n" for n in range(1, 12)))
    for options in ([], ["--rules", "default"], ["--rules", "config/rules.toml"]):
        done = gctail(fast, *options, "--enable", "fast-growth", "--output", "jsonl")
        assert b"rule:fast-growth" in done.stdout
        done = gctail(fast, *options, "--enable", "fast-groth")
        assert done.returncode == 2
        assert b"fast-growth" in done.stderr
    assert b"rule:" not in gctail(fast, "--rules", "default", "--output", "jsonl").stdout


def test_the_rules_in_config_are_those_that_gctail_brings_along(root):
    """One is to be copied, the other is in the package."""
    assert (root / "config" / "rules.toml").read_bytes() == (root / "src/gctail/data/rules.toml").read_bytes()


def test_a_rule_that_makes_no_sense_is_shown_with_a_caret(gctail, log, tmp_path):
    """Where, and what was expected."""
    rules = tmp_path / "rules.toml"
    rules.write_text('[[rule]]\nname = "odd"\nwhen = "live > 30s"\n')
    done = gctail(log(gc(1) + "\n"), "--rules", rules)
    assert done.returncode == 2
    assert b"^" in done.stderr
    assert b"Traceback" not in done.stderr


def test_a_service_without_gctrace_is_judged_by_what_it_logs_of_its_heap(gctail, log):
    """MemStats in a log line go through the same models."""
    lines = []
    for n in range(300):
        live = 50 * 2**20 + n * 700_000
        sample = {"time": f"2026-11-23T{n // 60:02d}:{n % 60:02d}:00Z", "msg": "mem", "HeapAlloc": int(live * 1.4)}
        lines.append(json.dumps(sample | {"NextGC": live * 2, "NumGC": n * 2}))
        lines += [json.dumps({"time": sample["time"], "msg": "request processed", "id": k}) for k in range(4)]
    told = json.loads(gctail(log("\n".join(lines) + "\n"), "--output", "json").stdout)
    assert told["services"][0]["verdict"]["leak"] is True
    assert told["input"]["heap_samples"] == 300
    assert told["input"]["lines"] == 1500


def test_prometheus_text_is_a_source_too(gctail, log):
    """One scrape after the other, appended to a file."""
    text = "".join(
        f"# TYPE go_memstats_heap_alloc_bytes gauge\ngo_memstats_heap_alloc_bytes {60e6 + n * 9e5}\n"
        f"go_memstats_next_gc_bytes {100e6 + n * 15e5}\ngo_gc_duration_seconds_count {n * 3}\n# EOF\n"
        for n in range(200)
    )
    told = json.loads(gctail(log(text), "--output", "json").stdout)
    assert told["input"]["heap_samples"] == 200
    assert told["services"][0]["collections"] > 150


def test_every_kind_that_can_be_told_is_explained(gctail):
    """In a verdict or in a finding: `gctail explain KIND` knows it."""
    from gctail.detectors import DETECTORS  # what can be told is written there and in the headlines
    from gctail.detectors.values import Carryover
    from gctail.sinks.text import HEADLINES

    kinds = {*HEADLINES, *(make(Carryover()).kind for make in DETECTORS), "leak", "death"}
    for kind in sorted(kinds):
        assert gctail("explain", kind).returncode == 0, kind


def test_a_finding_says_where_to_replay_it(gctail, log):
    """The place in the log up to which the models had seen it."""
    path = log(growing(300))
    finding = json.loads(gctail(path, "--limit", "600MiB", "--output", "jsonl").stdout.splitlines()[0])
    replay = finding["evidence"]["replay"]
    part = log(path.read_bytes()[: replay["until_offset"] + 400], "pay2.log")
    again = [json.loads(line) for line in gctail(part, "--limit", "600MiB", "--output", "jsonl").stdout.splitlines()]
    assert finding["summary"] in {each["summary"] for each in again}


@pytest.mark.parametrize(
    ("window", "moment", "inside"),
    [
        ("22:00-06:00", "2026-11-23T23:30:00Z", True),
        ("22:00-06:00", "2026-11-23T05:59:00Z", True),
        ("22:00-06:00", "2026-11-23T06:00:00Z", False),
        ("02:00-04:00", "2026-11-23T03:12:00Z", True),
        ("sat,sun 00:00-24:00", "2026-11-22T12:00:00Z", True),
        ("sat,sun 00:00-24:00", "2026-11-23T12:00:00Z", False),
        ("sun 22:00-06:00", "2026-11-23T03:12:00Z", True),
        ("mon 22:00-06:00", "2026-11-23T03:12:00Z", False),
    ],
)
def test_a_window_of_silence(window, moment, inside):
    """Of the day, of days of the week, over midnight."""
    assert parse_silence(window).holds(parse_time(moment)) is inside


def test_silent_findings_are_kept_for_the_report(gctail, log):
    """Nothing is told and nothing fails, but nothing is lost either."""
    path = log(growing(300))
    options = ("--limit", "600MiB", "--silence", "00:00-24:00", "--fail-on", "info")
    done = gctail(path, *options, "--output", "jsonl")
    assert (done.returncode, done.stdout) == (0, b"")
    assert json.loads(gctail(path, *options, "--output", "json").stdout)["services"][0]["findings"]
    assert gctail(path, "--silence", "25:00-26:00").returncode == 2


def test_a_process_that_goes_on_collecting_did_not_die(gctail, log):
    """A child's death, a ticket about one, words in a message: the numbers go on, so nobody died here."""
    before, after = "".join(gc(n) + "\n" for n in range(1, 6)), "".join(gc(n) + "\n" for n in range(6, 40))
    for words in ("child ffmpeg exited: signal: killed", "Killed", "ERROR job failed: exit status 137"):
        told = json.loads(gctail(log(before + words + "\n" + after), "--output", "json").stdout)
        assert told["services"][0]["death"] is None, words
    wrapped = "".join(f"pay-1  | {line}\n" for line in (before + "signal: killed\n" + after).splitlines())
    told = json.loads(gctail(log(wrapped), "--output", "json").stdout)
    assert told["services"][0]["death"] is None


@pytest.mark.parametrize(
    "arguments",
    [
        ("FILE",),
        ("records", "FILE"),
        ("FILE", "--output", "json"),
        ("FILE", "--output", "jsonl"),
        ("FILE", "-v"),
        ("explain", "leak"),
    ],
)
def test_a_full_disk_is_one_sentence(gctail_program, log, arguments):
    """Standard output cannot take any more: exit status 2, and why."""
    path = log(growing(50))
    command = [gctail_program, *(path if each == "FILE" else each for each in arguments)]
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, timeout=60, check=False)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith(b"gctail: cannot write to standard output")
    assert b"Traceback" not in done.stderr


def test_records_without_a_time_are_not_silently_left_out(gctail, log):
    """--since on a log that has no times says so."""
    done = gctail(log("".join(gc(n) + "\n" for n in range(1, 30))), "--since", "2026-11-23T03:00:00Z")
    assert b"29 records have no time" in done.stdout


def test_many_processes_in_one_file_take_no_longer(gctail, log):
    """Numbers that fall all the time are asked about once per byte, not once per line over and over."""
    text = (gc(7) + "\n") * 20_000
    assert gctail(log(text), timeout_s=60).returncode == 0


def test_an_output_that_knows_no_arrow_gets_it_in_letters(gctail_program, log):
    """A locale such as ISO 8859-1: no traceback, and nothing is left out."""
    line = 'level=warn msg="put(key=uid_{0}) → size={0}"\n'
    text = "".join(line.format(n) + gc(n, live=8 + n * 3) + "\n" for n in range(1, 200))
    environment = {**os.environ, "PYTHONIOENCODING": "iso-8859-1"}
    done = subprocess.run([gctail_program, log(text)], env=environment, capture_output=True, timeout=120, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"\\u2192 size=" in done.stdout
